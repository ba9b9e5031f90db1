import subprocess,sys,json
BEFORE, AFTER = sys.argv[1:3]
PAIRS=[("ingest.sandbox.child",)*2,("ingest.loaders",)*2,("vectorstore.library",)*2,("assistant.build.composition","assistant.wiring.composition"),("assistant.api.application","assistant.team.api.application"),("assistant.cli.ask",)*2,("assistant.cli.libraries.library","assistant.cli.libraries"),("assistant.cli.models",)*2,("assistant.ui.server",)*2,("assistant.ui.serving",)*2,("assistant.bundling.bundle",)*2,("assistant.conversation.assistant",)*2,("assistant.settings",)*2,("vectorstore.workers.task","vectorstore.team.worker_task"),("assistant.cli.evaluate",)*2,("assistant.models.catalogue",)*2,("vectorstore.catalog.catalog",)*2]
STD=set(sys.stdlib_module_names)
def loaded(tree,m):
    d=subprocess.run([f"{tree}/.venv/bin/python","-c",f"import sys,time; t=time.time(); import {m}; print(time.time()-t, ' '.join(sorted({{n.split('.')[0] for n in sys.modules}})))"],cwd=tree,capture_output=True,text=True)
    if d.returncode: return None,d.stderr[-300:]
    t,*mods=d.stdout.split(); return float(t),set(mods)-STD
for a,b in PAIRS:
    ta,la=loaded(BEFORE,a); tb,lb=loaded(AFTER,b)
    if ta is None or tb is None: print(a,la,lb); continue
    print(b, f"{ta:.2f} -> {tb:.2f}", "NEW:",sorted(x for x in lb-la if not x.startswith('_')))
