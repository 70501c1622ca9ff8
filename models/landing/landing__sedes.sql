{{ landing('sedes') }}
