"""Joins modules: join.py TREE GROUPS NAMES [--write]"""
import ast, re, sys, textwrap, collections, subprocess
from pathlib import Path
sys.path.insert(0, str(Path(__file__).parent))
from scopes import Resolved

TREE, GROUPS, NAMES = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
WRITE = "--write" in sys.argv
ROOTS = ["assistant", "ingest", "vectorstore", "tests", "benchmarks", "scripts", "samples"]
report = collections.defaultdict(list)

def dotted(path):  # relative path -> module
    parts = list(Path(path).with_suffix("").parts)
    if parts[-1] == "__init__": parts.pop()
    return ".".join(parts)

class Mod:
    def __init__(self, rel):
        self.rel = rel; self.path = TREE / rel; self.name = dotted(rel)
        self.text = self.path.read_text(encoding="utf-8")
        self.res = Resolved(self.text)
        self.lines = self.text.splitlines(keepends=True)
        self.starts = [0]
        for l in self.lines: self.starts.append(self.starts[-1] + len(l))
        self.pkg = rel.name == "__init__.py"
        self.aliases = {}  # (scope, local) -> (origin module or None, name or None, alias node)
        self.stmts = []    # (stmt node, scope)
        for s in self.res.scopes:
            for local, nodes in s.bound.items():
                for n in nodes:
                    if isinstance(n, ast.alias): self.aliases[(s, local)] = n
        top = self.res.module
        self.defs = {n for n, nodes in top.bound.items() if any(not isinstance(x, ast.alias) for x in nodes)}
    def pos(self, line, col):  # utf8 col -> offset
        l = self.lines[line - 1]
        return self.starts[line - 1] + (col if l.isascii() else len(l.encode()[:col].decode()))
    def span(self, node): return self.pos(node.lineno, node.col_offset), self.pos(node.end_lineno, node.end_col_offset)

files = [p.relative_to(TREE) for r in ROOTS for p in sorted((TREE / r).rglob("*.py")) if ".venv" not in p.parts]
files.append(Path("streamlit_app.py"))
mods = {}
for rel in files:
    m = Mod(rel); mods[m.name] = m

# -- groups
groups = collections.OrderedDict()  # target rel -> [module names]
moved = {}
for line in GROUPS.read_text().splitlines():
    line = line.split("#")[0].strip()
    if not line: continue
    target, _, sources = line.partition("<-")
    target = re.sub(r"\s*\(\d+\)", "", target).strip()
    names = [dotted(s.strip()) for s in sources.split(",") if s.strip()]
    gone = [n for n in names if n not in mods]
    if gone: report["not there"].append(f"{target}: {gone}")
    names = [n for n in names if n in mods]
    if not names: continue
    tmod = dotted(target)
    if tmod in mods and tmod not in names and not (mods[tmod].pkg and len(mods[tmod].text.splitlines()) < 4):
        report["target exists and is no source"].append(target); 
    groups[target] = names
    for n in names:
        assert n not in moved, n
        moved[n] = tmod
group_of = {n: t for t, ns in groups.items() for n in ns}

names_map = {}
if NAMES.exists():
    for line in NAMES.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            old, new = line.split()
            mod, _, name = old.rpartition(".")
            if mod not in mods: report["names of no module"].append(old); continue
            if name not in mods[mod].res.module.bound: report["names of nothing"].append(old); continue
            names_map[(mod, name)] = new

def origin(stmt, alias):
    """(module, name) that an alias of a statement imports; name None for a module."""
    if isinstance(stmt, ast.Import): return (alias.name, None)
    full = f"{stmt.module}.{alias.name}"
    if full in mods and not (stmt.module in mods and alias.name in mods[stmt.module].defs): return (full, None)
    return (stmt.module, alias.name)

for m in mods.values():
    m.stmt_of = {}
    for n in ast.walk(m.res.tree):
        if isinstance(n, (ast.Import, ast.ImportFrom)):
            for a in n.names: m.stmt_of[a] = n
    m.imports = {k: origin(m.stmt_of[a], a) for k, a in m.aliases.items()}  # (scope, local) -> origin

def resolve(mod, name, depth=0):
    """Follows re-exports among our modules."""
    m = mods.get(mod)
    if m is None or depth > 5: return mod, name
    if name in m.defs: return mod, name
    key = (m.res.module, name)
    if key in m.imports:
        omod, oname = m.imports[key]
        if oname is None: return (omod, None)
        if omod in mods: return resolve(omod, oname, depth + 1)
        return mod, name
    return mod, name

# -- new names of definitions, by collisions within a target
newname = {}
def constant_text(m, name):
    nodes = m.res.module.bound[name]
    if len(nodes) != 1 or not isinstance(nodes[0], ast.Name): return None
    p = m.res.parents.get(nodes[0])
    if isinstance(p, (ast.Assign, ast.AnnAssign)):
        a, b = m.span(p); return m.text[a:b]
    return None
shared_consts = collections.defaultdict(set)  # target -> names merged
def auto(m, name, why):
    stem = Path(m.rel).stem if not m.pkg else Path(m.rel).parent.name
    bare = name.lstrip("_")
    lead = "_" if name.startswith("_") else ""
    if bare.isupper(): new = f"{lead}{stem.upper()}_{bare}"
    elif bare[:1].isupper(): new = f"{lead}{''.join(p.title() for p in stem.split('_'))}{bare}"
    elif lead: new = f"_{stem}_{bare}"
    else: new = f"{bare}_{stem}"
    report["auto"].append(f"{m.name}.{name} {new}  # {why}")
    return new
for target, names in groups.items():
    by = collections.defaultdict(list)
    for n in names:
        for d in mods[n].defs:
            by[names_map.get((n, d), d)].append((n, d))
    taken = set(by)
    for d, owners in by.items():
        if len(owners) == 1:
            (n, old), = owners
            if old != d: newname[(n, old)] = d
            continue
        texts = {constant_text(mods[n], old) for n, old in owners}
        if len(texts) == 1 and None not in texts:
            shared_consts[target].add(d)
            for n, old in owners:
                if old != d: newname[(n, old)] = d
            continue
        fixed = [o for o in owners if o in names_map]
        for n, old in owners:
            if (n, old) in names_map: newname[(n, old)] = d; continue
            if not fixed and (n, old) == owners[0] and "--keep-first" in sys.argv: continue
            newname[(n, old)] = auto(mods[n], old, f"twice in {target}")
def new(mod, name): return newname.get((mod, name), name)

# -- names bound anywhere in a file after the join, but for imports
def bound_after(target_names):
    out = collections.Counter()
    for n in target_names:
        m = mods[n]
        for s in m.res.scopes:
            for local, nodes in s.bound.items():
                if all(isinstance(x, ast.alias) for x in nodes): continue
                out[new(n, local) if s is m.res.module else local] += 1
    return out

class Out:
    """What becomes of one target, or of a file that stays."""
    def __init__(self, target, names):
        self.target, self.names = target, names
        self.tmod = dotted(target)
        self.bound = bound_after(names)
        self.locals = {}   # local -> origin after, of module level imports

def import_text(mod, name, local):
    if name is None:
        parent, _, base = mod.rpartition(".")
        if not parent: return f"import {mod}" + (f" as {local}" if local != mod else "")
        return f"from {parent} import {base}" + (f" as {local}" if local != base else "")
    return f"from {mod} import {name}" + (f" as {local}" if local != name else "")

def enclosing(scope):
    while scope:
        yield scope
        scope = scope.parent

def rewrite(out, n):
    m = mods[n]; me = out.tmod
    edits = []
    plan = {}       # (scope, local) -> ("name", new) | ("module", old module, newlocal or None, own)
    stmt_new = collections.defaultdict(list)  # stmt -> [text or None]
    changed = set()
    uses_of = collections.defaultdict(list)
    for u in m.res.uses:
        if u.bound: uses_of[(u.bound, u.node.id)].append(u)
    fresh = {}
    for key, alias in m.aliases.items():
        scope, local = key
        stmt = m.stmt_of[alias]
        omod, oname = m.imports[key]
        if oname is not None and omod in mods:
            omod, oname = resolve(omod, oname)
        if oname is None:
            if omod not in moved:
                if isinstance(stmt, ast.Import):
                    stmt_new[stmt].append((f"import {alias.name}" + (f" as {alias.asname}" if alias.asname else ""), omod, None, local))
                else:
                    stmt_new[stmt].append((import_text(omod, None, local), omod, None, local))
                continue
            t = moved[omod]
            changed.add(stmt)
            if t == me:
                plan[key] = ("module", omod, None, None)
                stmt_new[stmt].append(None); continue
            base = t.rpartition(".")[2]
            attrs = {u.parent.attr for u in uses_of[key] if isinstance(u.parent, ast.Attribute)}
            bare = [u for u in uses_of[key] if not (isinstance(u.parent, ast.Attribute) and u.parent.value is u.node)]
            asname = alias.asname
            clash = out.bound[base] or out.locals.get(base, (t, None)) != (t, None)
            if asname and asname not in ("",): 
                newlocal = asname
                plan[key] = ("module", omod, newlocal, t)
                stmt_new[stmt].append((import_text(t, None, newlocal), t, None, newlocal)); continue
            if not clash:
                newlocal = base
            else:
                wanted = [(a, *resolve(omod, a)) for a in sorted(attrs)]
                fine = not bare and all(not out.bound[new(mm, aa or "")] and aa for a, mm, aa in wanted)
                if fine:
                    plan[key] = ("names", omod)
                    for a, mm, aa in wanted:
                        tm = moved.get(mm, mm)
                        stmt_new[stmt].append((import_text(tm, new(mm, aa), new(mm, aa)), tm, new(mm, aa), new(mm, aa)))
                    report["by name"].append(f"{m.rel}: {omod} -> {[w[2] for w in wanted]}")
                    continue
                newlocal = f"{t.split('.')[-2]}_{base}" if not out.bound[f"{t.split('.')[-2]}_{base}"] else f"{base}_module"
                report["aliased"].append(f"{m.rel}: {omod} -> {t} as {newlocal}")
            plan[key] = ("module", omod, newlocal, t)
            if scope is m.res.module: out.locals[newlocal] = (t, None)
            stmt_new[stmt].append((import_text(t, None, newlocal), t, None, newlocal))
            continue
        t = moved.get(omod, omod)
        nn = new(omod, oname)
        if t == me:
            changed.add(stmt); stmt_new[stmt].append(None)
            if local != nn: plan[key] = ("name", nn)
            continue
        if (t, nn) != m.imports[key]: changed.add(stmt)
        newlocal = local
        if not alias.asname and nn != oname:
            if not out.bound[nn]: newlocal = nn
        if alias.asname is None and newlocal == nn and local != nn: plan[key] = ("name", nn)
        # a clash with a definition or another import of the joined file
        if scope is m.res.module:
            other = out.locals.get(newlocal)
            d_clash = any(newlocal == new(x, d) for x in out.names if x != n for d in mods[x].defs)
            if (other and other != (t, nn)) or d_clash:
                alt = f"{t.rpartition('.')[2]}_{newlocal.lstrip('_')}"
                report["import clash"].append(f"{m.rel}: {t}.{nn} as {alt} ({other or 'definition'})")
                newlocal = alt; plan[key] = ("name", alt); changed.add(stmt)
            out.locals[newlocal] = (t, nn)
        stmt_new[stmt].append((import_text(t, nn, newlocal), t, nn, newlocal))
    # definitions of this file
    for d in m.defs:
        if new(n, d) != d:
            plan[(m.res.module, d)] = ("name", new(n, d))
            for node in m.res.module.bound[d]:
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    a, _ = m.span(node)
                    k = m.text.index(d, a); edits.append((k, k + len(d), new(n, d)))
    for s in m.res.scopes:
        for g in s.globals_:
            if (m.res.module, g) in plan: report["global statement"].append(f"{m.rel}: {g}")
    def check(u, name):
        for s in enclosing(u.scope):
            if s.parent is None: break
            if name in s.bound and not (all(isinstance(x, ast.alias) for x in s.bound[name])): report["shadowed"].append(f"{m.rel}:{u.node.lineno}: {name} is local there")
    for key, how in plan.items():
        for u in uses_of[key]:
            if u.offset:
                a = m.pos(*u.offset)
            else:
                a, _ = m.span(u.node)
            e = a + len(u.node.id)
            assert m.text[a:e] == u.node.id, (m.rel, u.node.id, m.text[a:e])
            if how[0] == "name":
                check(u, how[1]); edits.append((a, e, how[1])); continue
            p = u.parent
            attr = p.attr if isinstance(p, ast.Attribute) and p.value is u.node else None
            if attr is None:
                if how[0] != "module" or how[2] is None:
                    report["bare module"].append(f"{m.rel}:{u.node.lineno}: {u.node.id}"); continue
                edits.append((a, e, how[2]))
                if isinstance(p, ast.Call) and len(p.args) > 1 and p.args[0] is u.node and isinstance(p.args[1], ast.Constant):
                    c = p.args[1]
                    mm, aa = resolve(how[1], c.value) if c.value in mods[how[1]].defs else (how[1], c.value)
                    if aa and new(mm, aa) != c.value:
                        x, y = m.span(c); edits.append((x, y, f'"{new(mm, aa)}"'))
                continue
            e2 = a + len(u.node.id) + 1 + len(attr)
            if m.text[a:e2] != f"{u.node.id}.{attr}":
                report["split"].append(f"{m.rel}:{u.node.lineno}: {u.node.id}.{attr}"); continue
            mm, aa = resolve(how[1], attr)
            if aa is None:
                base = moved.get(mm, mm).rpartition(".")[2]
                gp = m.res.parents.get(p)
                if isinstance(gp, ast.Call) and len(gp.args) > 1 and gp.args[0] is p and isinstance(gp.args[1], ast.Constant) and mm in mods:
                    x, y = m.span(gp.args[1]); edits.append((x, y, f'"{new(mm, gp.args[1].value)}"'))
                edits.append((a, e2, f"{how[2]}.{base}")); report["module through module"].append(f"{m.rel}: {u.node.id}.{attr} -> {how[2]}.{base}"); continue
            where = moved.get(mm, mm)
            if how[0] == "names" or how[2] is None:
                if where != me and how[0] != "names": report["elsewhere"].append(f"{m.rel}: {u.node.id}.{attr} is of {mm}")
                check(u, new(mm, aa)); edits.append((a, e2, new(mm, aa)))
            else:
                if where != how[3]: 
                    aa2 = attr
                else: aa2 = new(mm, aa)
                check(u, how[2]); edits.append((a, e2, f"{how[2]}.{aa2}"))
    return m, edits, stmt_new, changed

def apply(text, edits):
    edits = sorted(set(edits))
    out, at = [], 0
    for a, b, s in edits:
        assert a >= at, (text[max(0,a-60):b+20], s)
        out += [text[at:a], s]; at = b
    return "".join(out) + text[at:]

def is_tc(node):
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" and not node.orelse

def whole_line(m, a, b):
    """Span widened to whole lines."""
    a = m.text.rfind("\n", 0, a) + 1
    k = m.text.find("\n", b)
    return a, (len(m.text) if k < 0 else k + 1)

def render(out, n, gather):
    m, edits, stmt_new, changed = rewrite(out, n)
    tops, tcs, tcx = [], [], out.__dict__.setdefault("tcx", [])
    body = m.res.tree.body
    removed = []
    doc = None
    if gather:
        if body and isinstance(body[0], ast.Expr) and isinstance(getattr(body[0].value, "value", None), str):
            doc = ast.get_docstring(m.res.tree, clean=True)
            removed.append(whole_line(m, *m.span(body[0])))
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                a, b = whole_line(m, *m.span(node))
                # comments directly above an import go with it
                c = a
                while True:
                    k = m.text.rfind("\n", 0, c - 1) + 1
                    if c > 0 and m.text[k:c].startswith("#"): c = k
                    else: break
                comment = m.text[c:a]
                if node not in changed: tops.append((comment + m.text[a:b].rstrip("\n"), {s[3]: s[1:3] for s in stmt_new[node] if s}))
                else:
                    for s in stmt_new[node]:
                        if s: tops.append((comment + s[0], {s[3]: s[1:3]})); comment = ""
                removed.append((c, b))
            elif isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and isinstance(node.test.left, ast.Name) and node.test.left.id == "__name__":
                out.__dict__.setdefault("mains", []).append((m, node))
            elif is_tc(node):
                for x in node.body:
                    if isinstance(x, (ast.Import, ast.ImportFrom)):
                        for s in stmt_new[x]:
                            if s: tcs.append((s[0], s[3], s[1:3]))
                    elif not isinstance(x, ast.Pass):
                        p, q = m.span(x); tcx.append("    " + m.text[p:q])
                removed.append(whole_line(m, *m.span(node)))
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                t = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if isinstance(t, ast.Name) and new(n, t.id) in shared_consts[out.target]:
                    out.seen = getattr(out, "seen", set())
                    if new(n, t.id) in out.seen: removed.append(whole_line(m, *m.span(node)))
                    out.seen.add(new(n, t.id))
    gone = set()
    for stmt in changed:
        a, b = m.span(stmt)
        if any(x <= a and b <= y for x, y in removed): continue
        texts = [s[0] for s in stmt_new[stmt] if s]
        if texts:
            ind = " " * (a - (m.text.rfind("\n", 0, a) + 1))
            edits.append((a, b, ("\n" + ind).join(texts)))
        else:
            p = m.res.parents.get(stmt)
            block = next((x for f in ("body", "orelse", "finalbody") if stmt in (x := getattr(p, f, []) or [])), None)
            if block is not None and all(s in changed and not any(stmt_new[s]) for s in block if isinstance(s, (ast.Import, ast.ImportFrom))) and all(isinstance(s, (ast.Import, ast.ImportFrom)) for s in block):
                if stmt is block[0]: edits.append((a, b, "pass"))
                else: x, y = whole_line(m, a, b); edits.append((x, y, ""))
            else:
                x, y = whole_line(m, a, b); edits.append((x, y, ""))
    edits = [e for e in edits if not any(x <= e[0] and e[1] <= y for x, y in removed)]
    edits += [(x, y, "") for x, y in sorted(set(removed))]
    return m, doc, tops, tcs, apply(m.text, edits)

def order(names):
    """Those first that others need while they are imported."""
    inside = set(names)
    deps = {n: set() for n in names}
    for n in names:
        m = mods[n]
        tc = {id(x) for node in m.res.tree.body if is_tc(node) for x in ast.walk(node)}
        for (scope, local), (omod, oname) in m.imports.items():
            if scope is not m.res.module or id(m.aliases[(scope, local)]) in tc: continue
            if oname is not None and omod in mods: omod = resolve(omod, oname)[0]
            if omod in inside and omod != n: deps[n].add(omod)
    done = []
    rest = list(names)
    while rest:
        ready = next((n for n in rest if not deps[n] - set(done)), None)
        if ready is None: report["circle"].append(str(rest)); ready = rest[0]
        done.append(ready); rest.remove(ready)
    return done

results = {}
HEAVY = {"torch","transformers","diffusers","streamlit","chromadb","onnxruntime","llama_cpp","PIL","numpy","matplotlib","pypdfium2","sentence_transformers","fastapi","sklearn","faster_whisper","av","rapidocr","onnx","tokenizers","langchain","langchain_core","pandas","scipy","cv2","psycopg","s3fs","fsspec","ray","keyring","reportlab","fpdf","docx","openpyxl","lxml","starlette","uvicorn","authlib","mcp"}
for target, names in groups.items():
    out = Out(target, names)
    for n in names:  # names that imports of stay-as-they-are bring
        pass
    ordered = order(names)
    ext = {}
    for n in names:
        m = mods[n]
        ext[n] = {o[0].split(".")[0] for (s, _), o in m.imports.items() if s is m.res.module} & HEAVY
    allx = set().union(*ext.values())
    if len(names) > 1:
        for n in names:
            if allx - ext[n]: report["heavier"].append(f"{n} -> {target}: {sorted(allx - ext[n])}")
    parts = [render(out, n, True) for n in ordered]
    stem = Path(target).stem if Path(target).stem != "__init__" else Path(target).parent.name
    main = next((i for i, n in enumerate(ordered) if Path(mods[n].rel).stem == stem or (mods[n].pkg)), None)
    if main is None: main = max(range(len(parts)), key=lambda i: len(parts[i][4]))
    seen, tops, top_names = set(), [], {}
    for m, doc, ts, tcs, body in parts:
        for text, local in ts:
            if text not in seen: seen.add(text); tops.append(text)
            top_names.update(local)
    tcl = []
    for m, doc, ts, tcs, body in parts:
        for text, local, org in tcs:
            if top_names.get(local) == org or text in tcl: continue
            tcl.append(text)
    chunks = [f'"""{parts[main][1] or ""}' + ('\n"""' if "\n" in (parts[main][1] or "") else '"""'), ""]
    chunks += sorted(tops, key=lambda t: t.startswith("from __future__") and -1 or 0)
    if tcl: chunks += ["", "if TYPE_CHECKING:"] + ["    " + t for t in tcl] + out.__dict__.get("tcx", [])
    for i, (m, doc, ts, tcs, body) in enumerate(parts):
        head = []
        if len(parts) > 1:
            if i != main and doc:
                title, *more = doc.splitlines()
                paragraphs = [" ".join(x.split()) for x in "\n".join(more).split("\n\n") if x.strip()]
                if any(l.startswith(("- ", "    ")) for l in more): lines = more
                else: lines = [l for x in paragraphs for l in textwrap.wrap(x, 98, break_long_words=False)]
                head = [*textwrap.wrap(f"-- {title.rstrip('.')}" if not (more and more[0].strip()) else " ".join(("-- " + doc).split()), 98), *([] if more and more[0].strip() else lines)]
                head = [f"# {l}".rstrip() for l in head if l.strip()]
        text = "\n".join(head) + "\n\n" + body.strip("\n") if head else body.strip("\n")
        chunks += ["", "", text]
    if mains := out.__dict__.get("mains"):
        block = [m.text[slice(*m.span(node))] for m, node in mains]
        report["main blocks"].append(f"{target}: {len(block)}")
        joined = "\n".join(chunks)
        for b in block: joined = joined.replace(b, "")
        chunks = [joined, "", "", *block]
    results[target] = "\n".join(chunks).rstrip("\n") + "\n"

stay = {}
for name, m in mods.items():
    if name in moved: continue
    out = Out(str(m.rel), [name])
    for (s, l), o in m.imports.items():
        pass
    mm, doc, tops, tcs, text = render(out, name, False)
    if text != m.text: stay[str(m.rel)] = text

# -- paths and dotted names in other texts and in strings
slash = {}
for n, t in moved.items():
    old = str(mods[n].rel); tgt = next(k for k in groups if dotted(k) == t)
    if old != tgt: slash[old] = tgt
dots = {n: t for n, t in moved.items() if n != t}
if dots:
    pat_dot = re.compile(r"(?<![\w./-])(" + "|".join(sorted(map(re.escape, dots), key=len, reverse=True)) + r")(?![\w/])(?:\.(\w+))?")
    pat_slash = re.compile(r"(?<![\w])(" + "|".join(sorted(map(re.escape, slash), key=len, reverse=True)) + r")(?!\w)")
    def dot(mt):
        old, attr = mt[1], mt[2]
        if attr is None: return dots[old]
        if f"{old}.{attr}" in mods: return mt[0]
        if attr == "py": return mt[0]
        return f"{dots[old]}.{new(old, attr)}"
    def words(text): return pat_slash.sub(lambda x: slash[x[1]], pat_dot.sub(dot, text))
else:
    words = lambda t: t

# -- circles among the product's modules, by what is imported at the top
graph = collections.defaultdict(set)
for n, m in mods.items():
    if m.rel.parts[0] not in ("assistant", "ingest", "vectorstore"): continue
    tc = {id(x) for node in m.res.tree.body if is_tc(node) for x in ast.walk(node)}
    for (scope, local), (omod, oname) in m.imports.items():
        if scope is not m.res.module or id(m.aliases[(scope, local)]) in tc: continue
        if oname is not None and omod in mods: omod = resolve(omod, oname)[0]
        if omod in mods:
            a, b = moved.get(n, n), moved.get(omod, omod)
            if a != b: graph[a].add(b)
def circles():
    index, low, stack, on, found, counter = {}, {}, [], set(), [], [0]
    sys.setrecursionlimit(10000)
    def visit(v):
        index[v] = low[v] = counter[0]; counter[0] += 1; stack.append(v); on.add(v)
        for w in graph[v]:
            if w not in index: visit(w); low[v] = min(low[v], low[w])
            elif w in on: low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            c = []
            while True:
                w = stack.pop(); on.discard(w); c.append(w)
                if w == v: break
            if len(c) > 1: found.append(c)
    for v in list(graph):
        if v not in index: visit(v)
    return found
for c in circles():
    report["import circle"].append(str(sorted(c)))
    for a in c:
        for b in graph[a] & set(c):
            why = sorted({f"{n} imports {resolve(o[0], o[1])[0] if o[1] and o[0] in mods else o[0]}" for n, m in mods.items() if moved.get(n, n) == a for (sc, l), o in m.imports.items() if sc is m.res.module and moved.get(x := (resolve(o[0], o[1])[0] if o[1] and o[0] in mods else o[0]), x) == b})
            report["import circle"].append(f"    {a} -> {b}: {why}")

if WRITE:
    touched = []
    for target, text in results.items():
        (TREE / target).parent.mkdir(parents=True, exist_ok=True)
    olds = {str(mods[n].rel) for n in moved}
    for target, names in groups.items():
        # history: the largest source becomes the target
        big = max(names, key=lambda n: len(mods[n].text))
        if str(mods[big].rel) != target and not (TREE / target).exists():
            subprocess.run(["git", "mv", str(mods[big].rel), target], cwd=TREE, check=True)
    for rel in olds - set(groups):
        if (TREE / rel).exists(): subprocess.run(["git", "rm", "-qf", rel], cwd=TREE, check=True)
    for target, text in results.items(): (TREE / target).write_text(text, encoding="utf-8"); touched.append(target)
    for rel, text in stay.items(): (TREE / rel).write_text(text, encoding="utf-8"); touched.append(rel)
    listed = subprocess.run(["git", "ls-files"], cwd=TREE, capture_output=True, text=True).stdout.split("\n")
    for rel in listed:
        p = TREE / rel
        if not rel or not p.is_file() or p.suffix not in {".py",".md",".toml",".yml",".yaml",".sh",".js",".cfg",".txt",".json",""} or "locale" in p.parts: continue
        if rel == "CHANGELOG.md": continue
        try: text = p.read_text(encoding="utf-8")
        except UnicodeDecodeError: continue
        if (w := words(text)) != text: p.write_text(w, encoding="utf-8")
for k, v in report.items():
    print(f"== {k} ({len(v)})")
    for x in v: print("  ", x)
print(len(groups), "targets of", len(moved), "; files that stay and change:", len(stay))
if "--names" in sys.argv:
    want = {}
    for m in mods.values():
        if m.rel.parts[0] not in ("assistant","ingest","vectorstore","streamlit_app.py"): continue
        uses_of = collections.defaultdict(list)
        for u in m.res.uses:
            if u.bound: uses_of[(u.bound, u.node.id)].append(u)
        for key, (omod, oname) in m.imports.items():
            if oname is None and omod in moved:
                for u in uses_of[key]:
                    if isinstance(u.parent, ast.Attribute):
                        mm, aa = resolve(omod, u.parent.attr)
                        if aa and mm in moved and moved[mm].rpartition(".")[2] != mm.rpartition(".")[2]:
                            want.setdefault((mm, aa), [0, ""])[0] += 1
    for (n, d), v in newname.items(): want.setdefault((n, d), [0, ""])[1] = v
    want = {k: v for k, v in want.items() if k[1] in mods[k[0]].res.module.bound}
    for (n, d) in sorted(want, key=lambda k: (moved[k[0]], k)):
        m = mods[n]; node = m.res.module.bound[d][0]
        sig = ""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            sig = f"def({', '.join(a.arg for a in node.args.args)})"; doc = ast.get_docstring(node)
        elif isinstance(node, ast.ClassDef): sig = "class"; doc = ast.get_docstring(node)
        else: doc = constant_text(m, d); sig = "const"
        doc = (doc or "").replace("\n", " ")[:110]
        cnt, au = want[(n, d)]
        print(f"NAME {n}.{d}  -> {moved[n]}  [{sig}] used as module.name {cnt}x; automatic: {au or '-'} | {doc}")
