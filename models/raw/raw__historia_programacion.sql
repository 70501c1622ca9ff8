with
versiones as (select * from {{ ref('snapshot__programacion') }}),

capturas as (select * from {{ ref('raw__capturas') }})

select
    * exclude (dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted),
    dbt_valid_from as vigente_desde,
    dbt_is_deleted = 'True' as borrada
from versiones
where dbt_valid_from <= (select max(c.capturada_en) from capturas as c)
