#!/bin/sh
# Installs this bundle of Pincite without a network. Usage: sh install.sh [FOLDER]
# FOLDER gets the program (~/pincite); models and libraries go into Pincite's home (PINCITE_HOME).
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
target=${1:-$HOME/pincite}
read -r system machine version < "$here/platform.txt"

fail() { echo "$1" >&2; exit 1; }

[ "$(uname -s) $(uname -m)" = "$system $machine" ] ||
    fail "This bundle is for $system on $machine; this is $(uname -s) on $(uname -m)."
python=
if [ -d "$here/python" ]; then
    mkdir -p "$target"
    cp -R "$here/python" "$target/"
    python=$target/python/bin/python3
fi
[ -n "$python" ] || for name in "${PYTHON:-python$version}" python3 python; do
    if command -v "$name" >/dev/null 2>&1 && [ "$("$name" -c \
        'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ]; then
        python=$name
        break
    fi
done
[ -n "$python" ] || fail "This bundle needs Python $version, and none was found. Name it: PYTHON=…"

mkdir -p "$target"
target=$(CDPATH= cd -- "$target" && pwd)
echo "Installing Pincite into $target"
"$python" -m venv "$target" || fail "Python's venv module is missing. Debian and Ubuntu: python3-venv"
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
    --no-compile --require-hashes --find-links "$here/wheels" --requirement "$here/requirements.txt"

echo 'in the clone where this bundle was made, run `.venv/bin/python -m pip install --editable ".[EXTRA]"`' \
    'and `pincite bundle` again, and here its install.sh.' > "$target/pincite-extras.txt"

[ ! -d "$here/lib" ] || cp -R "$here/lib" "$target/"

home=$("$target/bin/python" -I -c 'from assistant.settings import Settings; print(Settings.load().home)')
if [ -d "$here/models" ]; then
    mkdir -p "$home/models"
    for model in "$here"/models/*; do
        [ -e "$home/models/$(basename "$model")" ] && continue
        echo "Copying $(basename "$model")"
        # Under another name until it is whole.
        cp -R "$model" "$home/models/.unfinished"
        mv "$home/models/.unfinished" "$home/models/$(basename "$model")"
    done
fi
for backup in "$here"/libraries/*.pincite; do
    [ -e "$backup" ] || continue
    name=$(basename "$backup" .pincite)
    if [ -e "$home/libraries/$name" ]; then
        echo "The library $name is here already, and stays as it is."
    else
        "$target/bin/pincite" restore "$backup" --library "$name"
    fi
done
if [ "$system" = Linux ]; then
    launchers=${XDG_DATA_HOME:-$HOME/.local/share}/applications
    mkdir -p "$launchers"
    printf '%s\n' '[Desktop Entry]' Type=Application Name=Pincite Terminal=true Categories=Office\; \
        "Exec=\"$target/bin/pincite\"" > "$launchers/pincite.desktop"
else
    mkdir -p "$HOME/Desktop"
    printf '#!/bin/sh\nexec "%s/bin/pincite"\n' "$target" > "$HOME/Desktop/Pincite.command"
    chmod +x "$HOME/Desktop/Pincite.command"
fi
echo "Done. Open the app: $target/bin/pincite, or Pincite among the programs of the desktop"
