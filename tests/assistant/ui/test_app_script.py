import subprocess
import sys
from pathlib import Path

APP = Path(__file__).parents[3] / "streamlit_app.py"


def test_a_process_that_the_app_spawns_does_not_load_streamlit() -> None:
    again = f"import runpy, sys; runpy.run_path({str(APP)!r}, run_name='__mp_main__')"
    code = f"{again}; sys.exit('streamlit' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
