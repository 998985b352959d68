# syntax=docker/dockerfile:1

# One image for the three services and the command line: what differs is the file node runs.

FROM node:20-bookworm AS build
WORKDIR /app
# better-sqlite3 is compiled here, against the headers that came with this node.
ENV npm_config_build_from_source=true \
    npm_config_nodedir=/usr/local \
    npm_config_update_notifier=false
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && npm rebuild better-sqlite3
COPY tsconfig.base.json tsconfig.json ./
COPY shared shared
COPY command-service command-service
COPY projection-service projection-service
COPY query-service query-service
COPY scripts scripts
RUN npm run build
# What runs needs neither the tools, nor the tests, nor what SQLite was compiled from.
RUN npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/.cache node_modules/better-sqlite3/deps node_modules/better-sqlite3/src \
 && find node_modules/better-sqlite3/build -type f ! -path '*/build/Release/better_sqlite3.node' -delete \
 && find dist -name '*.test.*' -delete -o -name '*.fault.*' -delete -o -name '*.production.*' -delete \
    -o -name .tsbuildinfo -delete \
 && mkdir /data

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8081 \
    SAGAE_DATA=/var/lib/sagae
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# The mount point of a volume: its owner becomes that of a new volume.
COPY --from=build --chown=node:node /data /var/lib/sagae
USER node
VOLUME /var/lib/sagae
EXPOSE 8081 8082 8083
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/command-service/main.js"]
