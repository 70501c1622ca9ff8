with
corridas as (select * from {{ ref('corridas_registradas') }}),

entradas as (select * from {{ ref('ejecuciones_entradas') }}),

corrida as (select * from {{ ref('corrida') }}),

pronosticos as (select * from {{ ref('prediccion_alumnos') }}),

compuerta as (select * from {{ ref('compuerta') }}),

-- What this run will have done once its marts have readers: its record can't say so yet.
propia as (
    select
        r.run_id,
        (select list(distinct p.periodo order by p.periodo) from pronosticos as p) as periodos,
        (
            select coalesce(list(distinct c.verificacion order by c.verificacion), []) from compuerta as c
            where c.bloquea and not c.pasa
        ) as aceptadas
    from corrida as r
),

huellas as (
    select
        run_id,
        left(md5(string_agg(tabla || ' ' || huella, ', ' order by tabla)), 12) as huella_entradas
    from entradas
    group by run_id
),

final as (
    select
        c.* exclude (resultado, periodos, aceptadas),
        h.huella_entradas,
        case when p.run_id is not null then 'publicada' else c.resultado end as resultado,
        coalesce(p.periodos, c.periodos) as periodos,
        coalesce(p.aceptadas, c.aceptadas) as aceptadas
    from corridas as c
    left join huellas as h on c.run_id = h.run_id
    left join propia as p on c.run_id = p.run_id
)

select
    run_id,
    inicio,
    termino,
    cast(date_diff('second', inicio, termino) as double) as segundos,
    resultado,
    paso_fallido,
    coalesce(despliegue, cuenta) as iniciada_por,
    case when despliegue is not null then 'despliegue' when cuenta is not null then 'cuenta' end as forma_inicio,
    origen,
    cast(periodo_pedido as integer) as periodo_pedido,
    cast(horizonte as integer) as horizonte,
    as_of,
    sin_fuente,
    nullif(array_to_string(periodos, ', '), '') as periodos,
    case
        when len(rechazadas) > 0 then 'rechazada'
        when len(aceptadas) > 0 then 'aceptada'
        when aceptadas is not null then 'pasa'
    end as compuerta,
    nullif(array_to_string(list_concat(rechazadas, aceptadas), ', '), '') as verificaciones,
    huella_entradas,
    version_raw,
    version_platinum,
    version_features,
    version_target,
    experimento,
    git_commit,
    codigo,
    paquetes,
    version_python,
    version_dbt,
    version_duckdb,
    version_statsforecast,
    version_lightgbm
from final
order by inicio, run_id
