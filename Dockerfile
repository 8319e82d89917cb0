# The vault in a container. It writes to its volume alone, so the rest may be read-only:
#   docker build -t flow-vault .
#   docker run -d --name flow-vault --read-only --cap-drop ALL --security-opt no-new-privileges --stop-timeout 40 \
#     -v flow-vault:/data -p 127.0.0.1:8787:8787 -e FLOW_VAULT_PUBLIC_URL=http://localhost:8787 flow-vault
#   docker exec flow-vault flow-vault token

FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:24-slim
COPY --from=build /src/dist /opt/flow-vault
RUN ln -s /opt/flow-vault/flow-vault.cjs /usr/local/bin/flow-vault
# A folder of the vault's own inside the volume: whatever the modes of the volume itself, this one is for its user alone.
RUN install -d -o node -g node -m 0700 /data
USER node
WORKDIR /data
ENV HOST=0.0.0.0 \
    FLOW_VAULT_DATA=/data/vault
VOLUME /data
EXPOSE 8787 8788
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8787}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1, so that signals reach it.
ENTRYPOINT ["node", "/opt/flow-vault/flow-vault.cjs"]
CMD ["start"]
