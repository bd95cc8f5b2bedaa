"""A study's report: run the chapters with papermill (`notebooks`), put them into one HTML file (`build`, `export`)."""
