#!/usr/bin/env bash
# Three stores, three roles: who reads one has no right on the others. Runs once, when PostgreSQL is new.
# Each secret holds postgresql://role:password@postgres/role
set -euo pipefail
for store in main keys releases; do
  url=$(cat "/run/secrets/${store}_url")
  login=${url#postgresql://}
  login=${login%%@*}
  role=${login%%:*}
  password=${login#*:}
  # An address spells other characters in code, and a role's password must be the same in both.
  if [[ ! "$role$password" =~ ^[A-Za-z0-9_-]+$ ]]; then
    echo "secrets/${store}_url: role and password may hold letters, digits, - and _ only" >&2
    exit 1
  fi
  psql -v ON_ERROR_STOP=1 -U postgres -v role="$role" -v password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
