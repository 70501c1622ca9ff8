with
codificadas as (select * from {{ ref('int_secciones_codificadas') }}),

corrida as (select * from {{ ref('corrida') }}),

-- Open sections with students of past periods were held and never closed in the system; those of the newest
-- period are being filled: their count is what is known on the day of the forecast.
final as (
    select
        c.seccion_id,
        c.periodo,
        c.indice,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        c.modalidad,
        c.frecuencia,
        c.intensidad,
        c.nivel,
        c.estado,
        c.estado in ('cerrado', 'abierto') and c.matriculados > 0 as se_dicto,
        c.estado = 'abierto' and c.indice = r.indice_corte as es_provisional,
        c.estado in ('cerrado', 'abierto') and c.matriculados > 0
        and coalesce(c.matriculados >= c.vacantes, false) as esta_llena,
        c.matriculados,
        c.vacantes,
        c.aforo,
        c.aula,
        c.fecha_creacion
    from codificadas as c
    cross join corrida as r
    where c.indice <= r.indice_corte and c.curso_actual is not null and c.horario_actual is not null
)

select * from final
