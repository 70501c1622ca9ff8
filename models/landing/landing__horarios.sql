{{ landing('horarios') }}
