import './vault-app.ts'
