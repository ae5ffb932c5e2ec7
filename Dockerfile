# Two stages: the first installs the hashed requirements, the second holds them, the code, and an unprivileged user.
FROM python:3.11-slim AS install
COPY requirements.txt requirements-dev.txt /tmp/
RUN python -m venv /venv \
 && python -m pip install --no-cache-dir --quiet "uv==$(sed -n 's/^uv==\([^ ]*\).*/\1/p' /tmp/requirements-dev.txt)" \
 && uv pip install --quiet --no-cache --compile-bytecode --python /venv/bin/python --require-hashes -r /tmp/requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DEBUG=0 \
    TOLLGATE_HOME=/state
RUN useradd --system --uid 10001 --create-home tollgate \
 && install -d -o tollgate -g tollgate -m 0700 /state \
 && install -d -o tollgate -g tollgate -m 0750 /lake
COPY --from=install /venv /venv
WORKDIR /app
COPY . .
# The settings ask for these two; static files depend on neither.
RUN SECRET_KEY=build ALLOWED_HOSTS=localhost TOLLGATE_HOME=/tmp/build python manage.py collectstatic --noinput \
 && rm -rf /tmp/build
USER tollgate
EXPOSE 8000
CMD ["gunicorn", "-c", "python:config.web", "--bind", "0.0.0.0:8000", "config.wsgi"]
