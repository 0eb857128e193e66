# shellcheck shell=sh disable=SC2154
# Sourced by ./run: the two processes, who owns the home, and how everything ends.
# Expects (beside ops/environment.sh): py, home, PORT, portal (its address), origin, pair_key.

# Becomes COMMAND in the portal's role and home; only inside a subshell.
as_portal() {
    export GONGKAI_ROLE=portal GONGKAI_HOME="$home/portal" PORT=$((PORT + 1)) \
        GONGKAI_BASE_URL="$portal" GONGKAI_PORTALS='' GONGKAI_ORIGIN_KEYS="$origin=$pair_key"
    "$@"
}

# What this start chose, for `manage.py` in another window (cms/settings/base.py reads it).
keep_settings() {
    keep "$home" PORT GONGKAI_PORTALS GONGKAI_PORTAL_KEYS GONGKAI_STATIC
    (as_portal keep "$home/portal" PORT GONGKAI_ROLE GONGKAI_BASE_URL GONGKAI_ORIGIN_KEYS GONGKAI_STATIC)
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
note_processes() { # pids
    echo "$*" >"$home/.run.pid" && mv "$home/.run.pid" "$home/run.pid"
}

# One ./run per home: refuse beside a living one, stop what a killed one left behind.
claim_home() {
    owner='' left=''
    if [ -f "$home/run.pid" ]; then read -r owner left <"$home/run.pid" || :; fi
    if [ -n "$owner" ] && runs "$owner" 'run$\|run '; then
        die "这里已经在运行（进程 $owner，数据在 $home）。请在那个窗口按 Ctrl-C；要另开一个，请另设 GONGKAI_HOME 和 PORT。"
    fi
    for pid in $left; do
        runs "$pid" cms.wsgi || continue
        say "· 上次被强行中断，先停止遗留的进程 $pid ……"
        kill "$pid" && while runs "$pid" cms.wsgi; do sleep 1; done
    done
    taken=$("$py" ops/net.py free "$PORT" $((PORT + 1))) ||
        die "端口 $taken 已被别的程序占用。请先停止它，或换一个端口：  PORT=$((PORT + 100)) ./run"
    note_processes "$$"
    trap 'stop 0' INT TERM HUP
    trap 'stop $?' EXIT
}

stop() { # exit code
    trap '' INT TERM HUP
    trap - EXIT
    # shellcheck disable=SC2086
    kill ${township_pid:-} ${portal_pid:-} ${job:-} ${static_job:-} ${portal_job:-} 2>/dev/null || :
    wait
    rm -f "$home/run.pid"
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

wait_until_served() { # pid, address, log
    "$py" ops/net.py wait "$1" "$2/healthz" && return
    tail -n 20 "$3" >&2
    die "站点没有启动，原因见上（日志：$3）。"
}

# Until Ctrl-C: a process that ended without being asked is started again.
watch_both() {
    note_processes "$$" "$township_pid" "$portal_pid"
    while :; do
        sleep 1 & wait $!
        for name in township portal; do
            eval "pid=\$${name}_pid"
            kill -0 "$pid" 2>/dev/null && continue
            say "· 进程 $name（$pid）意外结束，重新启动；日志：$home/log/$name.log"
            serve "$name"
            note_processes "$$" "$township_pid" "$portal_pid"
        done
    done
}
