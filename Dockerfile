FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What has to be compiled here are tools of the tests, which the image has none of.
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY inspector ./inspector
RUN npm run build && npm prune --omit=dev

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM

# Asks as a load balancer would: unhealthy while the server drains, too. Reads the variables of the
# container, so it goes by the same port, prefix and TLS switch as the server.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["node", "-e", "const e = process.env; const path = (e.REVERB_SERVER_PATH || '').replace(/^\\/*|\\/*$/g, ''); const host = /^(0\\.0\\.0\\.0|::|)$/.test(e.REVERB_SERVER_HOST || '') ? '127.0.0.1' : e.REVERB_SERVER_HOST; const request = require(e.REVERB_TLS_CERT ? 'https' : 'http').get({ host, port: e.REVERB_SERVER_PORT || 8080, path: (path && '/' + path) + '/up', rejectUnauthorized: false, timeout: 4000 }, (response) => process.exit(response.statusCode === 200 ? 0 : 1)); request.on('error', () => process.exit(1)); request.on('timeout', () => process.exit(1));"]

# Node itself is process 1, so that signals reach it.
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["start"]
