with
corridas as (select * from {{ ref('corridas_registradas') }}),

entradas as (
    select
        run_id,
        respaldos,
        unnest(entradas) as entrada
    from corridas
)

select
    run_id,
    entrada['table'] as tabla,
    entrada['hash'] as huella,
    entrada['rows'] as filas,
    respaldos[entrada['table']] as motivo_respaldo
from entradas
order by run_id, tabla
