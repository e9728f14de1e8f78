"""Customers, policies, coverage and gaps of an insurance planner's book.

The domain package: validation, gap rules and vectorized coverage aggregation on one DuckDB
file. It knows nothing of Streamlit or Plotly. Every public operation takes the account that
asks and applies that account's scope in SQL; every calculation takes the day it is for.
"""
