-- files: *.xlsx
-- header_row: 2
select
    "Periodo" as periodo,
    "Sede" as sede,
    "Código de Curso" as curso,
    "Horario" as horario,
    "Modalidad" as modalidad,
    "Frecuencia" as frecuencia,
    "Intensidad" as intensidad,
    "Nivel" as nivel,
    -- The system's own words for the state of a section.
    case "Estado"
        when 'Cur. Cerrado' then 'cerrado'
        when 'Cur. Cancelado' then 'cancelado'
        when 'Mat. Abierta' then 'abierto'
        else "Estado"
    end as estado,
    "Cant. Matriculados" as matriculados,
    "Vac. Habilitadas" as vacantes,
    "Aforo" as aforo,
    "Aula" as aula,
    "Fecha Creación" as fecha_creacion,
    archivo,
    fila
from entrega
