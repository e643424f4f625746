# The relay alone: no window, no root, nothing to write to but /data, /keys and /backups.

FROM python:3.12-slim AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --requirement requirements.txt
COPY common /app/common
COPY relay /app/relay
# The root file system is read-only at run time, so what Python would write beside its sources is written now.
RUN /venv/bin/python -m compileall -q /app

FROM python:3.12-slim
RUN groupadd --gid 10001 relay \
    && useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin relay \
    && install -d -o relay -g relay -m 0700 /data /keys /backups \
    && touch /etc/py-messenger-image
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RELAY_DATA_DIR=/data \
    RELAY_KEY_FILE=/keys/relay.key \
    SERVER_PORT=5000
WORKDIR /app
USER 10001
VOLUME ["/data", "/keys", "/backups"]
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["python", "-m", "relay.healthcheck"]
ENTRYPOINT ["python", "-m", "relay"]
CMD ["run"]
