#!/bin/sh
# ops/services.sh up|down|env: real PostgreSQL, Redis and Elasticsearch without docker.
#
# On loopback and free ports; state, logs and pid files in var/services
# (GONGKAI_SERVICES). `up` starts what does not run and reuses what does. As root the
# servers run as the service user `gongkai-services`, which `up` makes.
# shellcheck disable=SC2154,SC2016
set -eu
cd "$(dirname "$0")/.."
. ops/environment.sh

elasticsearch_version=8.19.18
state=${GONGKAI_SERVICES:-$PWD/var/services}
[ ! -d "$state" ] || state=$(cd "$state" && pwd -P) # `up` may have put it elsewhere
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gongkai
user=gongkai-services

[ -x "$py" ] || find_python && py=${python:-$py}

# Runs a command as the service user (or as ourselves when we are not root).
as_user() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid "$user" --regid "$user" --clear-groups \
            env HOME="$state" USER="$user" "$@")
    else
        "$@"
    fi
}

alive() { [ -s "$1" ] && kill -0 "$(head -n 1 "$1")" 2>/dev/null; }

prepare_state() {
    mkdir -p "$state"
    if [ "$(id -u)" = 0 ]; then
        id "$user" >/dev/null 2>&1 || useradd --system --user-group --no-create-home \
            --home-dir /nonexistent --shell /usr/sbin/nologin "$user"
        chown "$user:$user" "$state"
        # A clone in a private directory (0700) is closed to the service user.
        if ! as_user test -x "$state"; then
            elsewhere=/var/tmp/$user-$(printf %s "$state" | cksum | cut -d' ' -f1)
            mkdir -p "$elsewhere"
            rmdir "$state" 2>/dev/null || die "$state is closed to the user $user."
            ln -s "$elsewhere" "$state"
            chown "$user:$user" "$elsewhere"
        fi
    fi
    state=$(cd "$state" && pwd -P)
    if [ ! -s "$state/settings" ]; then
        # shellcheck disable=SC2046
        set -- $("$py" ops/net.py pick 4)
        secret=$("$py" -c 'import secrets; print(secrets.token_hex(16))')
        umask 077
        printf '%s\n' "pg_port=$1 redis_port=$2 es_port=$3 es_transport=$4 secret=$secret" \
            >"$state/settings"
        umask 022
    fi
    # shellcheck disable=SC1091
    . "$state/settings"
}

find_postgresql() {
    for bin in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin \
        "$(dirname "$(command -v postgres || echo /none/postgres)")"; do
        [ -x "$bin/initdb" ] && return
    done
    die "PostgreSQL is missing:  apt install postgresql-15"
}

start_postgresql() {
    find_postgresql
    data=$state/postgresql
    if [ ! -s "$data/PG_VERSION" ]; then
        rm -rf "$data"
        as_user sh -c 'umask 077; printf %s "$1" >"$2"' _ "$secret" "$state/pg-password"
        as_user "$bin/initdb" -D "$data" -U gongkai -E UTF8 --locale=C.UTF-8 \
            --auth=scram-sha-256 --pwfile="$state/pg-password" >/dev/null
        # Survives kill -9 of every process; only a crash of the machine may lose data.
        as_user tee -a "$data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
full_page_writes = off
max_connections = 100
shared_buffers = 64MB
END
    fi
    as_user "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1 && return
    as_user "$bin/pg_ctl" -D "$data" -w -t 60 -s -l "$state/postgresql.log" \
        -o "-p $pg_port" start || die "PostgreSQL did not start: $state/postgresql.log"
}

start_redis() {
    command -v redis-server >/dev/null || die "Redis is missing:  apt install redis-server"
    alive "$state/redis.pid" && return
    mkdir -p "$state/redis"
    cat >"$state/redis.conf" <<END
bind 127.0.0.1
port $redis_port
requirepass $secret
dir $state/redis
appendonly yes
save ""
maxmemory-policy noeviction
databases 64
daemonize yes
pidfile $state/redis.pid
logfile $state/redis.log
END
    chmod 600 "$state/redis.conf"
    [ "$(id -u)" != 0 ] || chown "$user:$user" "$state/redis" "$state/redis.conf"
    as_user redis-server "$state/redis.conf" || die "Redis did not start: $state/redis.log"
}

# The bare node of Maven Central (no plugins): what runs on it runs on a full node.
fetch_elasticsearch() {
    zip=$cache/elasticsearch-$elasticsearch_version.zip
    [ -s "$zip" ] && return
    command -v mvn >/dev/null || die "Maven is missing:  apt install maven"
    say "Fetching Elasticsearch $elasticsearch_version (100 MB, once) ..." >&2
    mkdir -p "$cache"
    part=$(mktemp -d "$cache/part.XXXXXX")
    artifact=org.elasticsearch.distribution.integ-test-zip:elasticsearch
    mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
        "-Dartifact=$artifact:$elasticsearch_version:zip" "-DoutputDirectory=$part" >&2 ||
        { rm -rf "$part"; die "Maven could not fetch Elasticsearch."; }
    mv "$part"/*.zip "$zip" && rm -rf "$part"
}

java_home() {
    java=$(command -v java) || die "Java is missing:  apt install openjdk-17-jre-headless"
    dirname "$(dirname "$(readlink -f "$java")")"
}

start_elasticsearch() {
    alive "$state/elasticsearch.pid" && return
    node=$state/elasticsearch-$elasticsearch_version
    if [ ! -e "$node/.unpacked" ]; then
        fetch_elasticsearch
        rm -rf "$node"
        "$py" -m zipfile -e "$zip" "$state"
        chmod +x "$node"/bin/*
        : >"$node/.unpacked"
    fi
    cat >"$node/config/elasticsearch.yml" <<END
cluster.name: gongkai-test
discovery.type: single-node
xpack.security.enabled: false
http.host: 127.0.0.1
http.port: $es_port
transport.host: 127.0.0.1
transport.port: $es_transport
path.data: $state/elasticsearch/data
path.logs: $state/elasticsearch/logs
cluster.routing.allocation.disk.threshold_enabled: false
action.destructive_requires_name: false
END
    mkdir -p "$node/config/jvm.options.d" "$state/elasticsearch/logs"
    printf '%s\n' -Xms512m -Xmx512m >"$node/config/jvm.options.d/heap.options"
    [ "$(id -u)" != 0 ] || chown -R "$user:$user" "$node" "$state/elasticsearch"
    ES_JAVA_HOME=$(java_home)
    export ES_JAVA_HOME
    as_user "$node/bin/elasticsearch" -d -p "$state/elasticsearch.pid" \
        >"$state/elasticsearch.log" 2>&1 ||
        { tail -n 20 "$state/elasticsearch.log" >&2; die "Elasticsearch did not start."; }
    # `GET /` does not exist on the bare node; the cluster's health does.
    "$py" ops/net.py wait "$(cat "$state/elasticsearch.pid")" \
        "http://127.0.0.1:$es_port/_cluster/health?wait_for_status=yellow" ||
        die "Elasticsearch does not answer: $state/elasticsearch.log"
}

up() {
    prepare_state
    lock "$state/lock"
    trap 'rm -rf "$state/lock"' EXIT
    start_postgresql
    start_redis
    start_elasticsearch
    say "PostgreSQL :$pg_port  Redis :$redis_port  Elasticsearch :$es_port  in $state"
}

print_env() {
    [ -s "$state/settings" ] || die "Not started yet:  ./test services up"
    # shellcheck disable=SC1091
    . "$state/settings"
    echo "export DATABASE_URL=postgres://gongkai:$secret@127.0.0.1:$pg_port/postgres"
    echo "export REDIS_URL=redis://:$secret@127.0.0.1:$redis_port/0"
    echo "export ELASTICSEARCH_URL=http://127.0.0.1:$es_port"
}

end() { # pid file
    alive "$1" || return 0
    pid=$(head -n 1 "$1")
    kill "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 1
    done
    kill -9 "$pid"
}

down() {
    [ -d "$state" ] || return 0
    end "$state/elasticsearch.pid"
    end "$state/redis.pid"
    if alive "$state/postgresql/postmaster.pid"; then
        find_postgresql
        as_user "$bin/pg_ctl" -D "$state/postgresql" -m fast -w -s stop
    fi
}

case ${1:-} in
    up) up ;;
    down) down ;;
    env) print_env ;;
    *) die "usage: ./test services up|down|env" ;;
esac
