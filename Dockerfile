# Build: everything that needs pip or a C compiler stays in this stage.
FROM python:3.11-slim AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
RUN python -m venv /opt/tradeflow && python -m venv /opt/compiler
# Dependencies change less often than the code: the layer below is cached by pyproject.toml.
COPY pyproject.toml README.md LICENSE ./
RUN mkdir tradeflow streams connectors web schemas bench \
    && touch tradeflow/__init__.py streams/__init__.py connectors/__init__.py web/__init__.py schemas/__init__.py bench/__init__.py \
    && /opt/tradeflow/bin/pip install --no-cache-dir '.[mysql,redis,mongodb,web]' \
    && /opt/compiler/bin/pip install --no-cache-dir '.[compile]'
COPY tradeflow tradeflow
COPY streams streams
COPY connectors connectors
COPY web web
COPY schemas schemas
COPY bench bench
RUN /opt/tradeflow/bin/pip install --no-cache-dir --no-deps --force-reinstall .
RUN /opt/compiler/bin/python -m tradeflow.core_build --required \
    --into "$(/opt/tradeflow/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 tradeflow
COPY --from=build /opt/tradeflow /opt/tradeflow
ENV PATH=/opt/tradeflow/bin:$PATH PYTHONUNBUFFERED=1
USER tradeflow
WORKDIR /home/tradeflow
# A volume that is mounted here belongs to the user who may write to it.
RUN mkdir -p .tradeflow/gateway
ENTRYPOINT ["tradeflow"]
CMD ["--help"]
