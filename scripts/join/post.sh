mv_() { [ -e "$1" ] && mkdir -p "$(dirname "$2")" && git mv "$1" "$2"; }
for f in vectorstore/catalog/sqlite/*.sql; do mv_ $f vectorstore/catalog/$(basename $f); done
for f in vectorstore/catalog/postgres/*.sql; do mv_ $f vectorstore/team/$(basename $f); done
mv_ assistant/images/generation/models/shapes assistant/studio/shapes
mv_ assistant/api/examples.json assistant/team/api/examples.json
