"""The model that serves: since when, how good, whether what it is asked has drifted."""
