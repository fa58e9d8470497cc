# Build: everything that needs pip stays in this stage.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/tradeflow
# Dependencies change less often than the code: the layer below is cached by pyproject.toml.
COPY pyproject.toml README.md LICENSE ./
RUN mkdir tradeflow streams schemas bench \
    && touch tradeflow/__init__.py streams/__init__.py schemas/__init__.py bench/__init__.py \
    && /opt/tradeflow/bin/pip install --no-cache-dir '.[mysql,redis,mongodb,web]'
COPY tradeflow tradeflow
COPY streams streams
COPY schemas schemas
COPY bench bench
RUN /opt/tradeflow/bin/pip install --no-cache-dir --no-deps --force-reinstall .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 tradeflow
COPY --from=build /opt/tradeflow /opt/tradeflow
ENV PATH=/opt/tradeflow/bin:$PATH PYTHONUNBUFFERED=1
USER tradeflow
WORKDIR /home/tradeflow
ENTRYPOINT ["tradeflow"]
CMD ["--help"]
