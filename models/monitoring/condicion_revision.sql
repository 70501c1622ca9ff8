with
publicados as (select * from {{ ref('publicados') }}),

capturas as (select * from {{ ref('raw__capturas') }}),

publicaciones as (
    select
        run_id,
        any_value(datos_al) as datos_al,
        min(periodo) as primer_periodo
    from publicados
    group by run_id
),

-- The last capture that brought something new before each was made.
con_contenido as (
    select
        p.run_id,
        p.primer_periodo,
        max(n.secuencia) as contenido
    from publicaciones as p
    inner join capturas as c on p.datos_al = c.capturada_en and c.tabla = 'programacion'
    inner join capturas as n on c.secuencia >= n.secuencia and n.cambios > 0
    group by p.run_id, p.primer_periodo
),

-- The newest that begins with a period and the one before it, where nothing new was captured between them.
parejas as (
    select
        primer_periodo,
        run_id,
        lag(run_id) over publicacion as run_id_anterior,
        lag(contenido) over publicacion = contenido as son_los_mismos_datos
    from con_contenido
    window publicacion as (partition by primer_periodo order by run_id)
    qualify row_number() over (partition by primer_periodo order by run_id desc) = 1
),

juntas as (
    select
        p.primer_periodo,
        f.periodo,
        f.nivel,
        f.donde,
        coalesce(sum(f.alumnos) filter (where f.run_id = p.run_id), 0) as alumnos,
        coalesce(sum(f.alumnos) filter (where f.run_id = p.run_id_anterior), 0) as alumnos_antes
    from parejas as p
    inner join publicados as f on f.run_id in (p.run_id, p.run_id_anterior)
    where p.son_los_mismos_datos
    group by p.primer_periodo, f.periodo, f.nivel, f.donde
),

-- A share of the larger of the two, so that who was not there before has one; what chance gives a count is no change.
-- A period that only one of the two forecasts has no total in the other.
cambios as (
    select
        *,
        round((alumnos - alumnos_antes) / greatest(alumnos, alumnos_antes), 6) as cambio,
        round(greatest({{ var('vigilancia_revision_maxima') }}, 1 / sqrt(greatest(alumnos, alumnos_antes))), 6) as umbral
    from juntas
    where greatest(alumnos, alumnos_antes) > 0
    qualify bool_or(nivel = 'total' and least(alumnos, alumnos_antes) > 0) over (partition by primer_periodo, periodo)
)

-- The period of the horizon that is furthest beyond its threshold stands for all.
select
    'revision' as tipo,
    nivel,
    donde,
    primer_periodo as periodo,
    round(arg_max(cambio, abs(cambio) / umbral), 4) as valor,
    round(arg_max(umbral, abs(cambio) / umbral), 4) as umbral,
    round(-arg_max(umbral, abs(cambio) / umbral), 4) as umbral_inferior,
    bool_or(abs(cambio) > umbral) as se_cumple
from cambios
group by nivel, donde, primer_periodo
