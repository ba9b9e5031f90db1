"""Which binding each name of a module means: scopes of Python, resolved on the syntax tree."""
import ast, builtins
from dataclasses import dataclass, field

@dataclass(eq=False)
class Scope:
    node: ast.AST
    parent: "Scope|None"
    kind: str  # module function class comp
    bound: dict = field(default_factory=dict)  # name -> list of binding nodes
    globals_: set = field(default_factory=set)
    nonlocals: set = field(default_factory=set)
    def add(self, name, node):
        if name in self.globals_:
            self.top().bound.setdefault(name, []).append(node); return
        if name in self.nonlocals:
            return
        self.bound.setdefault(name, []).append(node)
    def top(self):
        s = self
        while s.parent: s = s.parent
        return s

@dataclass
class Use:
    node: ast.AST      # ast.Name
    scope: Scope       # where it is used
    bound: "Scope|None"  # where bound, None = builtin
    offset: tuple|None = None  # for names within string annotations: absolute (line, col) of the name
    parent: ast.AST|None = None

class Builder(ast.NodeVisitor):
    def __init__(self, tree):
        self.module = Scope(tree, None, "module")
        self.scope = self.module
        self.of = {tree: self.module}
        self.names = []   # (Name node, scope, offset, parent)
        self.parents = {}
        for p in ast.walk(tree):
            for c in ast.iter_child_nodes(p): self.parents[c] = p
        for s in tree.body: self.visit(s)
    def inside(self, node, kind, body):
        s = Scope(node, self.scope, kind); self.of[node] = s
        before, self.scope = self.scope, s
        body(); self.scope = before
    # -- definitions
    def function(self, node):
        self.scope.add(node.name, node)
        for d in node.decorator_list: self.visit(d)
        self.args_outside(node.args)
        if node.returns: self.annotation(node.returns)
        def body():
            self.args_inside(node.args)
            self.predeclare(node.body)
            for s in node.body: self.visit(s)
        self.inside(node, "function", body)
    visit_FunctionDef = visit_AsyncFunctionDef = function
    def predeclare(self, body):
        for n in body:
            for x in ast.walk(n):
                if isinstance(x, (ast.Global, ast.Nonlocal)):
                    (self.scope.globals_ if isinstance(x, ast.Global) else self.scope.nonlocals).update(x.names)
    def args_outside(self, a):
        for d in [*a.defaults, *a.kw_defaults]:
            if d: self.visit(d)
        for x in [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]:
            if x and x.annotation: self.annotation(x.annotation)
    def args_inside(self, a):
        for x in [*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg]:
            if x: self.scope.add(x.arg, x)
    def visit_Lambda(self, node):
        self.args_outside(node.args)
        def body():
            self.args_inside(node.args); self.visit(node.body)
        self.inside(node, "function", body)
    def visit_ClassDef(self, node):
        self.scope.add(node.name, node)
        for d in node.decorator_list: self.visit(d)
        for b in node.bases: self.visit(b)
        for k in node.keywords: self.visit(k.value)
        def body():
            for s in node.body: self.visit(s)
        self.inside(node, "class", body)
    def comp(self, node, *elts):
        self.visit(node.generators[0].iter)
        def body():
            for i, g in enumerate(node.generators):
                if i: self.visit(g.iter)
                self.visit(g.target)
                for c in g.ifs: self.visit(c)
            for e in elts: self.visit(e)
        self.inside(node, "comp", body)
    def visit_ListComp(self, n): self.comp(n, n.elt)
    visit_SetComp = visit_GeneratorExp = visit_ListComp
    def visit_DictComp(self, n): self.comp(n, n.key, n.value)
    # -- bindings
    def visit_Name(self, node):
        if isinstance(node.ctx, (ast.Store, ast.Del)): self.scope.add(node.id, node)
        self.names.append((node, self.scope, None, self.parents.get(node)))
    def visit_NamedExpr(self, node):
        s = self.scope
        while s.kind == "comp": s = s.parent
        s.add(node.target.id, node.target)
        self.names.append((node.target, s, None, node))
        self.visit(node.value)
    def visit_ExceptHandler(self, node):
        if node.name: self.scope.add(node.name, node)
        self.generic_visit(node)
    def visit_MatchAs(self, node):
        if node.name: self.scope.add(node.name, node)
        self.generic_visit(node)
    def visit_MatchStar(self, node):
        if node.name: self.scope.add(node.name, node)
    def visit_MatchMapping(self, node):
        if node.rest: self.scope.add(node.rest, node)
        self.generic_visit(node)
    def visit_Import(self, node):
        for a in node.names: self.scope.add(a.asname or a.name.split(".")[0], a)
    visit_ImportFrom = visit_Import
    def visit_AnnAssign(self, node):
        self.visit(node.target); self.annotation(node.annotation)
        if node.value: self.visit(node.value)
    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "cast" and node.args:
            self.visit(node.func); self.annotation(node.args[0])
            for a in node.args[1:]: self.visit(a)
            for k in node.keywords: self.visit(k.value)
        else: self.generic_visit(node)
    # -- annotations, with strings in them
    def annotation(self, node):
        for c in ast.walk(node):
            if isinstance(c, ast.Constant) and isinstance(c.value, str):
                p = self.parents.get(c)
                if isinstance(p, ast.Subscript) and isinstance(p.value, ast.Name) and p.value.id == "Literal": continue
                if isinstance(p, ast.Tuple) and isinstance(self.parents.get(p), ast.Subscript):
                    q = self.parents[p].value
                    if isinstance(q, ast.Name) and q.id in ("Literal", "Annotated"): continue
                if c.lineno != c.end_lineno: continue
                try: t = ast.parse(c.value, mode="eval")
                except SyntaxError: continue
                for x in ast.walk(t):
                    for y in ast.iter_child_nodes(x): self.parents[y] = x
                for x in ast.walk(t):
                    if isinstance(x, ast.Name):
                        self.names.append((x, self.scope, (c.lineno, c.col_offset + 1 + x.col_offset), self.parents.get(x)))
        self.visit(node)

def lookup(scope, name):
    s, first = scope, True
    while s:
        if name in s.globals_: return s.top() if name in s.top().bound else None
        if name in s.bound and (first or s.kind != "class"): return s
        # a comp directly in a class sees no class names either (ok)
        first = False
        s = s.parent
    return None

class Resolved:
    def __init__(self, text):
        self.text = text
        self.tree = ast.parse(text)
        b = Builder(self.tree)
        self.module, self.of, self.parents = b.module, b.of, b.parents
        self.uses = [Use(n, s, lookup(s, n.id), off, p) for n, s, off, p in b.names]
        self.scopes = list(self.of.values())
    def all_bound(self):
        out = set()
        for s in self.scopes: out |= set(s.bound)
        return out
