#!/bin/sh
# PostgreSQL of compose.yaml. The first start makes the user and the database of Pincite.
set -eu
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
data=/var/lib/postgresql/data
if [ ! -e "$data" ]; then
    password=$(printf %s "${PINCITE_DATABASE_PASSWORD:?is not set}" | sed "s/'/''/g")
    rm -rf "$data.new" # of a first start that was interrupted
    initdb --pgdata "$data.new" --encoding UTF8 --locale C.UTF-8 --auth-local peer --auth-host reject
    echo 'host pincite pincite all scram-sha-256' >>"$data.new/pg_hba.conf"
    printf '%s\n' "CREATE ROLE pincite LOGIN PASSWORD '$password'" 'CREATE DATABASE pincite OWNER pincite' |
        postgres --single -D "$data.new" postgres
    echo 'CREATE EXTENSION vector' | postgres --single -D "$data.new" pincite
    mv "$data.new" "$data"
fi
# SIGINT, as which `podman stop` ends it, closes connections; SIGTERM would wait for them.
exec postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/tmp
