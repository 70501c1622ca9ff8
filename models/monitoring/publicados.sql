with
pronosticos as (
    select
        run_id,
        datos_al,
        periodo,
        media,
        'todo' as total,
        sede
    from {{ published_forecasts() }}
    -- One that rebuilt a past moment made nothing new.
    where as_of is null
),

por_nivel as (
    unpivot pronosticos
    on total, sede
    into name nivel value donde
)

select
    run_id,
    any_value(datos_al) as datos_al,
    nivel,
    donde,
    periodo,
    round(sum(media), 6) as alumnos
from por_nivel
group by run_id, nivel, donde, periodo
