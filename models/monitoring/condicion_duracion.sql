with
corridas as (
    select
        run_id,
        list_min(periodos) as periodo,
        date_diff('second', inicio, termino) as segundos
    from {{ ref('corridas_registradas') }}
    -- One that rebuilds a past moment makes all anew.
    where resultado = 'publicada' and termino is not null and as_of is null
),

-- Half of all runs may have had nothing new to make: the longest of late tells what a run may take.
con_previas as (
    select
        *,
        max(segundos) over previas as mayor_previa,
        count(*) over previas as previas
    from corridas
    window previas as (order by run_id rows between {{ var('vigilancia_corridas') }} preceding and 1 preceding)
),

juzgadas as (
    select
        *,
        -- A minute is nothing, whatever was usual.
        greatest({{ var('vigilancia_duracion_maxima') }} * mayor_previa, 60) as umbral
    from con_previas
    where previas = {{ var('vigilancia_corridas') }}
)

select
    'duracion' as tipo,
    'total' as nivel,
    'todo' as donde,
    periodo,
    cast(segundos as double) as valor,
    cast(umbral as double) as umbral,
    cast(null as double) as umbral_inferior,
    segundos > umbral as se_cumple
from juzgadas
-- The newest run of a period stands for it.
qualify row_number() over (partition by periodo order by run_id desc) = 1
