{{ landing('calendario') }}
