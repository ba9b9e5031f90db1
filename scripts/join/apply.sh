# apply.sh TREE: joins, and mends what the tool does not know
set -e
HERE=$(cd "$(dirname "$0")" && pwd)
cd $1
python3 $HERE/join.py . $HERE/groups.txt $HERE/names.txt --write > /tmp/applied.txt
grep "^==" /tmp/applied.txt
source $HERE/post.sh
# packages with nothing left
for i in 1 2 3; do
for f in $(git ls-files -co --exclude-standard '*__init__.py' | grep -E "^(assistant|ingest|vectorstore)/"); do
  d=$(dirname $f); n=$(find $d -type f ! -name "*.pyc" ! -path "*/__pycache__/*" | wc -l)
  if [ $n = 1 ] && [ $(wc -l < $f) -lt 4 ]; then git rm -qf $f 2>/dev/null || rm -f $f; rm -rf $d; fi
done; done
.venv/bin/ruff check --fix -q . || true
.venv/bin/ruff format -q .
.venv/bin/ruff check . | tail -40 || true
# comments that ruff lost when it merged imports
.venv/bin/ruff check . --output-format concise | grep E402 | sed 's/:[0-9]*: E402.*//' | awk -F: '{print $1" "$2}' | sort -u | while read f n; do sed -i "${n}s/\$/  # noqa: E402/" $f; done
python3 $HERE/fixups.py
.venv/bin/ruff format -q .
