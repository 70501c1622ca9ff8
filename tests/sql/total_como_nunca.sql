-- A total that was never seen is said, so that a person looks at it before it is used.
{{ config(severity='warn', store_failures=true) }}

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
    case
        when media > 1.5 * mayor then 'more students are forecast than any period ever had, by half or more'
        when media < 0.5 * menor_de_la_estacion then 'less than half of the fewest students that the season ever had are forecast'
        else 'no class is likely enough to be forecast, though students are expected in all of them together'
    end as problema,
    'look at prediccion_jerarquia and modelos_candidatos before you use it' as remedio
from totales
where media > 1.5 * mayor or media < 0.5 * menor_de_la_estacion or (puntos = 0 and media >= 1)
