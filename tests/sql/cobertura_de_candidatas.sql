-- One period ahead, the candidates hold 95 % of the students that came; below it, look for what they leave out.
{{ config(severity='warn') }}

select
    h,
    count(*) filter (where alumnos > 0 and not es_candidata) as celdas_imprevistas,
    coalesce(sum(alumnos) filter (where es_candidata), 0) / sum(alumnos) as cobertura
from {{ ref('objetivo') }}
where h = 1
group by h
having coalesce(sum(alumnos) filter (where es_candidata), 0) < 0.95 * sum(alumnos)
