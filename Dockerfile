# The same steps as the Makefile's, in stages; tests/house holds the two together.
FROM node:20-bookworm-slim AS app
WORKDIR /src/pwa
COPY pwa/package.json pwa/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY pwa/ ./
RUN npm run build

FROM python:3.11-slim-bookworm AS python
WORKDIR /src
RUN python -m venv /opt/dyade
ENV PATH=/opt/dyade/bin:$PATH
COPY requirements.txt ./
RUN pip install -q --disable-pip-version-check --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY api/ api/
COPY analysis/ analysis/
RUN pip install -q --disable-pip-version-check --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/dyade --create-home dyade
COPY --from=python /opt/dyade /opt/dyade
COPY --from=app /src/pwa/dist /opt/dyade-app
WORKDIR /srv/dyade
COPY alembic/ alembic/
COPY pyproject.toml ./
COPY studies/ studies/
ENV PATH=/opt/dyade/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DYADE_ENVIRONMENT=production \
    DYADE_DATA_DIR=/var/lib/dyade \
    DYADE_APP_DIR=/opt/dyade-app \
    DYADE_MIGRATIONS_DIR=/srv/dyade \
    DYADE_HOST=0.0.0.0 \
    DYADE_PORT=8000
USER 10001
VOLUME /var/lib/dyade
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["dyade", "health", "--web-only"]
CMD ["dyade", "serve"]
