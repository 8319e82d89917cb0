// A client of the vault made of go-auth0, the library of Auth0's Terraform provider. It reads steps from standard
// input, a JSON array, takes them one after another as the provider would, and prints what came of each.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/auth0/go-auth0/management"
)

// Step is one call: `op` is create, read, update, delete or list.
type Step struct {
	Op    string                  `json:"op"`
	ID    string                  `json:"id"`
	AppID *string                 `json:"app_id"`
	Name  *string                 `json:"name"`
	Setup *map[string]interface{} `json:"setup"`
}

// Result is what the library made of the answer: connections, or the status and text of its error.
type Result struct {
	Connections []Connection `json:"connections"`
	Status      int          `json:"status,omitempty"`
	Error       string       `json:"error,omitempty"`
}

// Connection has all members that the library read; its own type writes but those that a request has.
type Connection struct {
	ID          *string `json:"id"`
	AppID       *string `json:"app_id"`
	Name        *string `json:"name"`
	AccountName *string `json:"account_name"`
	Ready       *bool   `json:"ready"`
	Fingerprint *string `json:"fingerprint"`
}

func main() {
	ctx := context.Background()
	api, err := management.New(os.Getenv("VAULT_DOMAIN"), signIn(ctx))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var steps []Step
	if err := json.NewDecoder(os.Stdin).Decode(&steps); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	results := make([]Result, 0, len(steps))
	for _, step := range steps {
		found, err := take(ctx, api, step)
		results = append(results, resultOf(found, err))
	}
	json.NewEncoder(os.Stdout).Encode(results)
}

// The provider takes a token as well as a client and its secret.
func signIn(ctx context.Context) management.Option {
	if token := os.Getenv("VAULT_TOKEN"); token != "" {
		return management.WithStaticToken(token)
	}
	return management.WithClientCredentials(ctx, os.Getenv("VAULT_CLIENT_ID"), os.Getenv("VAULT_CLIENT_SECRET"))
}

func take(ctx context.Context, api *management.Management, step Step) ([]*management.FlowVaultConnection, error) {
	vault := api.Flow.Vault
	connection := &management.FlowVaultConnection{AppID: step.AppID, Name: step.Name, Setup: step.Setup}
	switch step.Op {
	case "create":
		err := vault.CreateConnection(ctx, connection)
		return []*management.FlowVaultConnection{connection}, err
	case "update":
		err := vault.UpdateConnection(ctx, step.ID, connection)
		return []*management.FlowVaultConnection{connection}, err
	case "read":
		read, err := vault.GetConnection(ctx, step.ID)
		return []*management.FlowVaultConnection{read}, err
	case "delete":
		return nil, vault.DeleteConnection(ctx, step.ID)
	case "list":
		return listAll(ctx, api)
	}
	return nil, fmt.Errorf("no step is called %q", step.Op)
}

func listAll(ctx context.Context, api *management.Management) ([]*management.FlowVaultConnection, error) {
	var all []*management.FlowVaultConnection
	// The first page is asked for without its number, as by whoever wants to know whether there is anything.
	var place []management.RequestOption
	for page := 1; ; page++ {
		list, err := api.Flow.Vault.GetConnectionList(ctx, place...)
		if err != nil {
			return nil, err
		}
		all = append(all, list.Connections...)
		if !list.HasNext() {
			return all, nil
		}
		place = []management.RequestOption{management.Page(page)}
	}
}

func resultOf(found []*management.FlowVaultConnection, err error) Result {
	if err != nil {
		result := Result{Error: err.Error()}
		var refused management.Error
		if errors.As(err, &refused) {
			result.Status = refused.Status()
		}
		return result
	}
	result := Result{Connections: []Connection{}}
	for _, one := range found {
		result.Connections = append(result.Connections, Connection{
			one.ID, one.AppID, one.Name, one.AccountName, one.Ready, one.Fingerprint,
		})
	}
	return result
}
