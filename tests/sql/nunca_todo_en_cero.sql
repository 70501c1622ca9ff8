-- A forecast of nobody is no success: a twentieth of the fewest that the season ever had is refused.
{{ config(store_failures=true) }}

with
totales as (
    {{ seen_totals() }}
)

select
    'programacion' as tabla,
    cast(null as varchar) as archivo,
    cast(null as bigint) as fila,
    'matriculados' as columna,
    cast(periodo as varchar) as valor,
    'almost nobody is forecast for a period whose season always had students' as problema,
    'look whether the newest periods were delivered whole (aforo check-source), then run again' as remedio
from totales
where media < 0.05 * menor_de_la_estacion
