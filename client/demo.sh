#!/bin/sh
# Starts a server on a free port, asks it about three bundled example people with the
# rolefit command over real gRPC, and stops it. Needs VENV_BIN: where the commands are.
set -eu

port_file=$(mktemp -u)
"$VENV_BIN/rolefit-server" serve --port 0 --workers 1 --port-file "$port_file" &
server=$!
trap 'kill -INT "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -f "$port_file"' EXIT INT TERM

tries=0
while [ ! -s "$port_file" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ] || ! kill -0 "$server" 2>/dev/null; then
        echo "The server did not start." >&2
        exit 1
    fi
    sleep 0.2
done

for example in clear-engineer half-empty aspiring-scientist; do
    echo
    status=0
    "$VENV_BIN/rolefit" recommend --server "localhost:$(cat "$port_file")" --example "$example" ||
        status=$?
    # 3 is an answer too: undetermined.
    case $status in 0 | 3) ;; *) exit "$status" ;; esac
done
