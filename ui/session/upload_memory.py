"""The memory in which Streamlit holds the files that were uploaded."""

from streamlit.runtime.scriptrunner import get_script_run_ctx


def forget_uploaded(file_id: str) -> None:
    """Free the memory of an uploaded file: Streamlit holds it until the browser is gone."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)
