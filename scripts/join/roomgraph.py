import ast,sys,collections
from pathlib import Path
T=Path(sys.argv[1])
OWN={"assistant/team/commands","assistant/team/moving_home","assistant/sources/commands","assistant/cli/main","assistant/team/api"}
files=[p for r in ("ingest","vectorstore","assistant") for p in (T/r).rglob("*.py")]+[T/"streamlit_app.py"]
def mod(p): 
    m=p.relative_to(T).with_suffix("").as_posix()
    return m.removesuffix("/__init__")
mods={mod(p):p for p in files}
def imp(p):
    f=set()
    for n in ast.walk(ast.parse(p.read_text())):
        if isinstance(n,ast.ImportFrom) and (n.module or "").split(".")[0] in ("ingest","vectorstore","assistant","streamlit_app"):
            b=n.module.replace(".","/")
            for a in n.names: f.add(f"{b}/{a.name}" if f"{b}/{a.name}" in mods else b)
    return f
def room(m):
    parts=m.split("/")
    if m in OWN or parts[-1] in ("loader","loaders"): return m
    if len(parts)==1: return m
    if mods[m].name=="__init__.py": return m
    if len(parts)==2: return m   # module directly in a top package is its own room
    return "/".join(parts[:-1])
g=collections.defaultdict(lambda: collections.defaultdict(set))
allrooms=set()
for m,p in mods.items():
    a=room(m); allrooms.add(a)
    for x in imp(p):
        b=room(x)
        if a!=b and b!="assistant" : g[a][b].add((m,x))
index={};low={};st=[];on=set();out=[]
sys.setrecursionlimit(9999)
def v(x):
    index[x]=low[x]=len(index);st.append(x);on.add(x)
    for w in list(g[x]):
        if w not in index: v(w);low[x]=min(low[x],low[w])
        elif w in on: low[x]=min(low[x],index[w])
    if low[x]==index[x]:
        c=[]
        while True:
            w=st.pop();on.discard(w);c.append(w)
            if w==x:break
        out.append(c)
for x in sorted(allrooms):
    if x not in index: v(x)
for c in out:
    if len(c)>1:
        print("SCC",sorted(c))
        for a in c:
            for b in g[a]:
                if b in c and len(g[a][b])<=4: print("   ",a,"->",b,sorted(g[a][b]))
                elif b in c: print("   ",a,"->",b,len(g[a][b]),"imports")
order=[c for c in out]
if "--levels" in sys.argv:
    lev={}
    for c in out:
        l=max([lev.get(b,0)+1 for a in c for b in g[a] if b not in c] or [0])
        for a in c: lev[a]=l
    by=collections.defaultdict(list)
    for a,l in lev.items(): by[l].append(a)
    for l in sorted(by,reverse=True): print(l,"   ".join(sorted(by[l])))
