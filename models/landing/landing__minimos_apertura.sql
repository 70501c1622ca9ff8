{{ landing('minimos_apertura') }}
