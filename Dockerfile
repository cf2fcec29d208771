# The scoring server without a version of the model. docs/deploying.md shows how to build and run it.
FROM python:3.11-slim-bookworm

# LightGBM needs this library. Debian's security updates change its version, so it has none here.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt
COPY scoring_model scoring_model
# the server cannot write beside its code, so that each start would compile it again
RUN python -m compileall -q scoring_model \
    && useradd --system --uid 10001 --no-create-home scoring
USER 10001

# MLflow needs a home. Callers have the address of a proxy or of the container's network, so that
# wrong keys are not counted by address.
ENV HOME=/tmp MODEL_URI=/model WRONG_KEYS_PER_MINUTE=0
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/ping', timeout=4)"]
CMD ["python", "-m", "scoring_model", "--host", "0.0.0.0", "--port", "8000"]
