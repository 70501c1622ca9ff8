with
ajuste as (select * from {{ ref('reconciliacion_ajuste') }})

select
    cast(indice_origen as integer) as indice_origen,
    cast(h as integer) as h,
    cast(nivel_jerarquia as varchar) as nivel_jerarquia,
    cast(unique_id as varchar) as unique_id,
    cast(yhat as double) as yhat,
    cast(razon as varchar) as razon
from ajuste
