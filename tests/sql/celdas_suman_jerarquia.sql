-- The marts' cells add up to every level above them. Both are rounded to four decimals: n + 1 roundings at most.
with
detalle as (select * from {{ ref('prediccion_detalle') }}),

jerarquia as (select * from {{ ref('prediccion_jerarquia') }}),

por_nivel as (
    unpivot (
        select
            periodo,
            media,
            'total' as total,
            sede,
            sede || '/' || programa as sede_programa,
            sede || '/' || curso_actual as sede_curso,
            sede || '/' || horario_actual as sede_horario
        from detalle
    )
    on total, sede, sede_programa, sede_curso, sede_horario
    into name nivel value unique_id
),

sumas as (
    select
        periodo,
        nivel,
        unique_id,
        count(*) as celdas,
        sum(media) as suma
    from por_nivel
    group by periodo, nivel, unique_id
)

select
    periodo,
    nivel,
    unique_id,
    s.celdas,
    s.suma,
    j.media
from sumas as s
full outer join jerarquia as j using (periodo, nivel, unique_id)
where s.suma is null or j.media is null or abs(s.suma - j.media) > 0.0001 * (s.celdas + 1)
