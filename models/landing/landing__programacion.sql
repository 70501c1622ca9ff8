{{ landing('programacion') }}
