-- The marts' cells add up to every level above them. Both are rounded to four decimals: n + 1 roundings at most.
with
detalle as (select * from {{ ref('prediccion_detalle') }}),

jerarquia as (select * from {{ ref('prediccion_jerarquia') }}),

por_nivel as (
    {{ by_level('detalle', ['periodo', 'media'], without='celda') }}
),

sumas as (
    select
        periodo,
        nivel_jerarquia,
        unique_id,
        count(*) as celdas,
        sum(media) as suma
    from por_nivel
    group by periodo, nivel_jerarquia, unique_id
)

select
    periodo,
    nivel_jerarquia,
    unique_id,
    s.celdas,
    s.suma,
    j.media
from sumas as s
full outer join jerarquia as j using (periodo, nivel_jerarquia, unique_id)
where s.suma is null or j.media is null or abs(s.suma - j.media) > 0.0001 * (s.celdas + 1)
