# source-dns alone: no compiler, no sources, no root.
#
#   docker build --tag source-dns .
#   docker run --read-only --volume ./source-dns.yaml:/etc/source-dns/source-dns.yaml:ro source-dns
#
# The secrets are files that the configuration names (password_file, key_file). The user 1000 must read them.
# Another user does as well, if its group is 0, as in OpenShift.

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN node build.mjs && npm ci --omit=dev --ignore-scripts

FROM node:22-slim
# XDG_STATE_HOME makes /var/lib/source-dns the default of `state_dir`: history, and the commands' socket.
# The health check looks there, so do not set `state_dir` in the configuration.
ENV NODE_ENV=production XDG_STATE_HOME=/var/lib
COPY --from=build /app/package.json /app/
COPY --from=build /app/bind-config /app/bind-config
COPY --from=build /app/systemd /app/systemd
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/main.js /usr/local/bin/source-dns && install -d -o 1000 -g 0 -m 0770 /var/lib/source-dns
VOLUME /var/lib/source-dns
# The image's user `node`, as a number: only a number shows an orchestrator that this user is not root.
USER 1000:1000
# Ready: every cluster was decided once, and its nameserver answered.
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "require('node:http').get({ socketPath: process.env.XDG_STATE_HOME + '/source-dns/api.sock', path: '/readyz' }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["source-dns"]
CMD ["run"]
