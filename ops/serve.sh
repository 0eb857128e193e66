# shellcheck shell=sh disable=SC2154
# Sourced by ./run: the two processes, who owns the home, and how everything ends.
# Expects (beside ops/environment.sh): py, home, PORT, portal (its address), origin, pair_key,
# only (township, portal, or empty for both).

wants() { # township|portal
    case $only in '' | "$1") ;; *) return 1 ;; esac
}

# Becomes COMMAND in the portal's role and home; only inside a subshell.
as_portal() {
    export GONGKAI_ROLE=portal GONGKAI_HOME="$home/portal" PORT=$((PORT + 1)) \
        GONGKAI_BASE_URL="$portal" GONGKAI_PORTALS='' GONGKAI_ORIGIN_KEYS="$origin=$pair_key"
    "$@"
}

# What this start chose, for `manage.py` in another window (cms/settings/base.py reads it).
keep_settings() {
    ! wants township || keep "$home" PORT GONGKAI_PORTALS GONGKAI_PORTAL_KEYS GONGKAI_STATIC
    ! wants portal || (as_portal keep "$home/portal" PORT GONGKAI_ROLE GONGKAI_BASE_URL GONGKAI_ORIGIN_KEYS GONGKAI_STATIC)
}

keep() { # home, names of variables
    file=$1/site.env && shift
    for name; do
        eval "printf '%s=%s\n' $name \"\$$name\""
    done >"$file.new" && mv "$file.new" "$file"
}

serve() { # township|portal
    export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}" # a quarter less memory with 8 threads
    set -- "$1" "$py" -m gunicorn cms.wsgi -c gunicorn.conf.py
    log=$home/log/$1.log
    case $1 in
        township) shift && ("$@") >>"$log" 2>&1 & township_pid=$! ;;
        portal) shift && (as_portal exec "$@") >>"$log" 2>&1 & portal_pid=$! ;;
    esac
}

runs() { # pid, word of its command line
    { tr '\0' ' ' <"/proc/$1/cmdline" || ps -p "$1" -o args=; } 2>/dev/null | grep -q "$2"
}

# Renamed into place: whoever reads it never finds it empty.
note_processes() {
    echo "$$ ${township_pid:-} ${portal_pid:-}" >"$1/.run.pid" && mv "$1/.run.pid" "$1/run.pid"
}

note_all() {
    ! wants township || note_processes "$home"
    ! wants portal || note_processes "$home/portal"
}

# One ./run per home: refuse beside a living one, stop what a killed one left behind.
claim_home() {
    ports=
    if wants township; then claim "$home" && ports=$PORT; fi
    if wants portal; then claim "$home/portal" && ports="$ports $((PORT + 1))"; fi
    # shellcheck disable=SC2086
    taken=$("$py" ops/net.py free $ports) ||
        die "端口 $taken 已被别的程序占用。请先停止它，或换一个端口：  PORT=$((PORT + 100)) ./run $only"
    note_all
    trap 'stop 0' INT TERM HUP
    trap 'stop $?' EXIT
}

claim() { # home of one of the two
    owner='' left=''
    if [ -f "$1/run.pid" ]; then read -r owner left <"$1/run.pid" || :; fi
    if [ -n "$owner" ] && runs "$owner" 'run$\|run '; then
        die "这里已经在运行（进程 $owner，数据在 $1）。请在那个窗口按 Ctrl-C；要另开一个，请另设 GONGKAI_HOME 和 PORT。"
    fi
    for pid in $left; do
        runs "$pid" cms.wsgi || continue
        say "· 上次被强行中断，先停止遗留的进程 $pid ……"
        kill "$pid" && while runs "$pid" cms.wsgi; do sleep 1; done
    done
}

stop() { # exit code
    trap '' INT TERM HUP
    trap - EXIT
    # shellcheck disable=SC2086
    kill ${township_pid:-} ${portal_pid:-} ${job:-} ${static_job:-} ${portal_job:-} 2>/dev/null || :
    wait
    [ "$(cat "$home/.preparing/pid" 2>/dev/null)" != $$ ] || rm -rf "$home/.preparing"
    ! wants township || rm -f "$home/run.pid"
    ! wants portal || rm -f "$home/portal/run.pid"
    exit "$1"
}

# Made once and kept (0600), so that every later start can print it again.
demo_password() {
    if [ ! -s "$home/demo-password" ]; then
        [ -n "${GONGKAI_DEMO_PASSWORD:-}" ] ||
            GONGKAI_DEMO_PASSWORD=$("$py" -c 'import secrets; print(secrets.token_urlsafe(9))')
        printf '%s\n' "$GONGKAI_DEMO_PASSWORD" >"$home/.demo-password"
        mv "$home/.demo-password" "$home/demo-password"
    fi
    cat "$home/demo-password"
}

# Signs what goes to the portal beside us; Django makes the file at its first start.
pair_key() {
    "$py" -c 'import pathlib, sys; from cms.secrets import embedded_secrets
embedded_secrets(pathlib.Path(sys.argv[1]))' "$home"
    sed -n 's/^PAIR_KEY=//p' "$home/secrets.env"
}

checksum() { # directories: of the packages and all files in them
    find requirements.txt "$@" -type f ! -name '*.pyc' -exec cksum {} + | sort | cksum
}

same() { # name of a stamp, what it should say
    [ "$(cat "$home/.$1" 2>/dev/null)" = "$2" ]
}

# Migrating takes long: the portal of a new home starts from the same empty tables.
copy_migrated() { # from, to
    [ -s "$2" ] || { cp "$1" "$2.new" && mv "$2.new" "$2"; }
}

stale() { # name of a stamp, home
    ! same "$1" "$ready" || [ ! -s "$2/gongkai.sqlite3" ]
}

# Databases and demo of what starts here, where anything of them changed. Expects: ready.
prepare() {
    old_township='' old_portal='' fresh=''
    if wants township && stale ready "$home"; then old_township=yes; fi
    if wants portal && stale ready-portal "$home/portal"; then old_portal=yes; fi
    [ -n "$old_township$old_portal" ] || return 0
    say "· 建立数据库（首次约半分钟），装入示例（已有数据时不动）……"
    if [ -n "$old_township" ]; then
        [ -s "$home/gongkai.sqlite3" ] || fresh=yes
        step "$py" manage.py migrate -v 0
    fi
    if [ -n "$old_portal" ]; then
        [ -z "$fresh" ] || copy_migrated "$home/gongkai.sqlite3" "$home/portal/gongkai.sqlite3"
        (as_portal exec "$py" -m ops.prepare migrate setup_site load_demo) & portal_job=$!
    fi
    [ -z "$old_township" ] || step "$py" -m ops.prepare setup_site load_demo
    [ -z "$old_portal" ] || wait "$portal_job"
    [ -z "$old_township" ] || echo "$ready" >"$home/.ready"
    [ -z "$old_portal" ] || echo "$ready" >"$home/.ready-portal"
}

wait_until_served() { # pid, address, log
    "$py" ops/net.py wait "$1" "$2/healthz" && return
    tail -n 20 "$3" >&2
    die "站点没有启动，原因见上（日志：$3）。"
}

# Until Ctrl-C: a process that ended without being asked is started again.
watch_all() {
    note_all
    while :; do
        sleep 1 & wait $!
        for name in township portal; do
            wants "$name" || continue
            eval "pid=\$${name}_pid"
            kill -0 "$pid" 2>/dev/null && continue
            say "· 进程 $name（$pid）意外结束，重新启动；日志：$home/log/$name.log"
            serve "$name"
            note_all
        done
    done
}
