-- One period ahead, the intervals hold what they promise; outside, look at what the last periods brought.
{{ config(severity='warn') }}

select
    nivel_jerarquia,
    corte,
    valor,
    n,
    cobertura_80,
    cobertura_95
from {{ ref('exactitud') }}
where
    modelo = 'aforo'
    and horizonte = 1
    and n >= 100
    and (
        (corte = 'todo' and nivel_jerarquia in ('celda', 'sede_curso', 'sede'))
        or (corte = 'tipo_demanda' and valor = 'inicial')
    )
    and (cobertura_80 not between 0.78 and 0.84 or cobertura_95 not between 0.93 and 0.97)
