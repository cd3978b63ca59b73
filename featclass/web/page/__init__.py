"""The page: everything that needs Streamlit."""
