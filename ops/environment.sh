# shellcheck shell=sh
# Sourced by ./run and ./test: makes .venv from one hashed requirements file.
#
# Safe to interrupt: `.venv/.installing` stands until everything is in place, and an
# environment that still carries it (or does not start) is made again from nothing.

say() { printf '%s\n' "$*"; }
die() { printf '\n%s\n' "$*" >&2; exit 1; }
py=$PWD/.venv/bin/python

# Runs a long command so that a signal to the shell ends it at once ($job).
step() {
    "$@" & job=$!
    wait "$job" && job=
}

# Variables of .env that the shell itself needs; the environment wins over the file.
read_dotenv() {
    [ -f .env ] || return 0
    while IFS='=' read -r name value; do
        case $name in PORT | GONGKAI_HOME | GONGKAI_PORTALS | GONGKAI_PORTAL_KEYS | GONGKAI_DEMO_PASSWORD)
            value=${value#[\"\']} value=${value%[\"\']}
            eval ": \"\${$name:=\$value}\""
            ;;
        esac
    done <.env
}

find_python() {
    for python in ${GONGKAI_PYTHON:-python3.11 python3 python3.13 python3.12}; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    die "没有找到 Python 3.11 或更新的版本。请先安装：  sudo apt install python3 python3-venv"
}

# One at a time; a lock whose owner is gone is taken over.
lock() { # directory
    told=
    until mkdir "$1" 2>/dev/null; do
        owner=$(cat "$1/pid" 2>/dev/null) || { sleep 1; owner=$(cat "$1/pid" 2>/dev/null) || owner=; }
        if [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$1"
            continue
        fi
        [ -n "$told" ] || say "· 进程 $owner 正在做同一件事，稍候……"
        told=1
        sleep 1
    done
    echo $$ >"$1/pid"
}

installed() { # requirements file
    [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$(cksum <"$1")" ] &&
        [ ! -e .venv/.installing ] && "$py" -c 'import django' 2>/dev/null
}

make_environment() { # requirements file
    installed "$1" && return
    lock .venv.lock
    trap 'rm -rf .venv.lock' EXIT
    trap 'kill ${job:-} 2>/dev/null || :; exit 130' INT TERM HUP
    installed "$1" || install_packages "$1"
    rm -rf .venv.lock
    trap - EXIT INT TERM HUP
}

install_packages() { # requirements file
    uv=$(command -v uv) || uv=
    if [ -e .venv/.installing ] || ! "$py" -c '' 2>/dev/null; then
        say "· 建立 Python 环境（.venv）……"
        find_python
        [ -n "$uv" ] || "$python" -c 'import venv, ensurepip' 2>/dev/null ||
            die "这台机器缺少 Python 的 venv 组件。请先安装：  sudo apt install python3-venv"
        rm -rf .venv 2>/dev/null || { sleep 3 && rm -rf .venv; } # an installer that is just dying
        mkdir .venv && : >.venv/.installing
        if [ -n "$uv" ]; then
            step uv venv -q --allow-existing --python "$python" .venv
        else
            step "$python" -m venv .venv
        fi || die "没有建成 .venv，原因见上。"
    fi
    : >.venv/.installing
    say "· 安装软件包（只在首次和版本变化时联网，约 1～3 分钟）……"
    if [ -n "$uv" ]; then
        step uv pip install -q --python "$py" --require-hashes -r "$1"
    else
        "$py" -m pip --version >/dev/null 2>&1 || "$py" -m ensurepip >/dev/null
        step "$py" -m pip install -q --disable-pip-version-check --require-hashes -r "$1"
    fi || die "软件包没有装完，原因见上（多为网络）。请再运行一次，已下载的不会重下。"
    rm -f .venv/.installed-*
    cksum <requirements.txt >.venv/.installed-requirements.txt # dev contains it
    cksum <"$1" >".venv/.installed-$1"
    rm -f .venv/.installing # last: what an interruption leaves is made again
}
